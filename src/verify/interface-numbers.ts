/**
 * Interfaces by name where there is no kernel to ask: tests redirect to interfaces of another machine. Numbers are
 * given as names are met.
 */
export interface InterfaceNumbers {
  numberOf(name: string): number;
  nameOf(number: number): string;
}

export function createInterfaceNumbers(): InterfaceNumbers {
  const names: string[] = [];
  return {
    numberOf(name) {
      const known = names.indexOf(name);
      return known < 0 ? names.push(name) : known + 1;
    },
    nameOf: (number) => names[number - 1] ?? String(number),
  };
}
