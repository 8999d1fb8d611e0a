import { seededRandom } from '../support/random.ts';

/** Random choices that are the same for the same seed. */
export interface Dice {
  /** 0 … limit − 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  one<Item>(items: readonly Item[]): Item;
  /** One of the items, each as likely as its weight says. */
  weighted<Item extends { readonly weight: number }>(items: readonly Item[]): Item;
  /** The text, or nothing. */
  maybe(text: string, probability?: number): string;
}

export function createDice(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  return {
    below,
    one,
    chance: (probability) => random() < probability,
    maybe: (text, probability = 0.5) => (random() < probability ? text : ''),
    weighted(items) {
      let left = random() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return one(items);
    },
  };
}

/** The seed of one piece of work, so that it can be done again without what came before it. */
export function seedOf(seed: number, index: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index, 0xc2b2ae35);
}
