import { expect } from 'chai';
import { render, visible } from '../../src/compiler/render.ts';

function picture(text: string, start: number, end: number, name = 'filter'): string {
  return render({ code: 'x', severity: 'error', message: 'wrong', span: { source: { name, text }, start, end } });
}

describe('the picture of a diagnostic', () => {
  it('has name, line, column, the line and carets under the words', () => {
    expect(picture('tcp port htp', 9, 12)).to.equal('filter:1:10: error: wrong\ntcp port htp\n         ^^^');
  });

  it('shows the right line of several, without its carriage return', () => {
    expect(picture('tcp or\r\nudp port x\r\nand ip', 17, 18, 'rules/a.txt')).to.equal(
      'rules/a.txt:2:10: error: wrong\nudp port x\n         ^',
    );
  });

  it('marks a span over several lines on its first', () => {
    expect(picture('ab (c\nd) e', 3, 8)).to.equal('filter:1:4: error: wrong\nab (c\n   ^^');
  });

  it('has one caret for an empty span and behind the end', () => {
    expect(picture('tcp and', 7, 7)).to.equal('filter:1:8: error: wrong\ntcp and\n       ^');
    expect(picture('', 0, 0)).to.equal('filter:1:1: error: wrong\n\n^');
    expect(picture('\n', 0, 0)).to.equal('filter:1:1: error: wrong\n\n^');
  });

  it('widens tabs and wide characters alike in line and carets', () => {
    expect(picture('\tif x', 4, 5)).to.equal('filter:1:5: error: wrong\n    if x\n       ^');
    expect(picture('日本 x', 3, 4)).to.equal('filter:1:4: error: wrong\n日本 x\n     ^');
  });

  it('writes out what would play tricks on a terminal', () => {
    expect(visible('a\u001b[2Jb\u202ec\ud800')).to.equal('a\\u{1b}[2Jb\\u{202e}c\\u{d800}');
    expect(picture('\u001b[2J', 0, 1, 'evil\u0007')).to.equal('evil\\u{7}:1:1: error: wrong\n\\u{1b}[2J\n^^^^^^');
  });

  it('cuts long lines around the carets', () => {
    const shown = picture(`${'a'.repeat(5000)} bad ${'b'.repeat(5000)}`, 5001, 5004).split('\n');
    expect(shown[1])
      .to.have.length.below(120)
      .and.match(/^\.\.\.a+ bad b+\.\.\.$/);
    expect(shown[2]?.indexOf('^^^')).to.equal(shown[1]?.indexOf('bad'));
    expect(picture('x'.repeat(10_000), 0, 10_000).length).to.be.below(400);
  });
});
