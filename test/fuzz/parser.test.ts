import { expect } from 'chai';
import { costOf, growingTexts, type Cost } from './growth.ts';
import { fuzzParser } from './parser-run.ts';

describe('the compiler, given what is no filter', function () {
  this.timeout(120_000);

  it('ten seconds of broken texts: nothing but a diagnostic comes of them', () => {
    const seed = 20_260_801;
    const end = performance.now() + 10_000;
    const failures: string[] = [];
    const report = fuzzParser({
      seed,
      goesOn: () => performance.now() < end && failures.length < 5,
      onFailure: (text) => failures.push(text),
    });
    expect(failures, `seed ${seed}`).to.deep.equal([]);
    expect(report.texts).to.be.above(1_000);
    expect(report.accepted).to.be.within(report.texts * 0.02, report.texts * 0.9);
  });

  for (const { name, text } of growingTexts) {
    it(`${name}: eight times the text takes about eight times the time and memory`, () => {
      const [small, large] = [costOf(text(400)), costOf(text(3_200))];
      // Quadratic work would take 64 times as long. What else the machine does disturbs, so there is a second try.
      const isLinear = isAtMost(large, small, 20) || isAtMost(costOf(text(3_200)), costOf(text(400)), 20);
      expect(isLinear, `400 times: ${show(small)}; 3,200 times: ${show(large)}`).to.equal(true);
    });
  }
});

/** Milliseconds and bytes that are too few to measure. */
const unmeasurable: Cost = { time: 1, memory: 100_000 };

function isAtMost(large: Cost, small: Cost, factor: number): boolean {
  return (
    large.time <= factor * Math.max(small.time, unmeasurable.time) &&
    large.memory <= factor * Math.max(small.memory, unmeasurable.memory)
  );
}

function show({ time, memory }: Cost): string {
  return `${time.toFixed(2)} ms, ${memory} bytes`;
}
