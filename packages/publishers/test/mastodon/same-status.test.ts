import { describe, expect, it } from '@jest/globals';
import { compareStatus, textOf } from '../../src/mastodon/same-status.ts';

type Status = Parameters<typeof compareStatus>[1];

const remote = (content: string, over: Partial<Status> = {}): Status => ({ id: '1', content, ...over });
const text = (words: string, spoilerText = '') => ({
  text: words,
  spoilerText,
  hasMedia: false,
  mediaIds: [],
  mediaUrls: [],
});
const withImage = (words: string, ...mediaIds: string[]) => ({
  text: words,
  spoilerText: '',
  hasMedia: true,
  mediaIds,
  mediaUrls: mediaIds.map(addressOf),
});
const addressOf = (id: string) => `https://files.example/${id}.jpeg`;
const attached = (...ids: string[]) => ({ media_attachments: ids.map((id) => ({ id })) });

/** A link in Mastodon's HTML. */
const link = (prefix: string, shown: string, rest = '') =>
  `<a href="${prefix}${shown}${rest}" target="_blank" rel="nofollow noopener noreferrer" translate="no">` +
  `<span class="invisible">${prefix}</span><span class="${rest ? 'ellipsis' : ''}">${shown}</span>` +
  `<span class="invisible">${rest}</span></a>`;
const mention = (name: string) =>
  `<span class="h-card" translate="no"><a href="https://social.example/@${name}" class="u-url mention">@<span>${name}</span></a></span>`;
const tag = (word: string) =>
  `<a href="https://mastodon.example/tags/${word}" class="mention hashtag" rel="tag">#<span>${word}</span></a>`;

describe('comparing a sent text with a listed status', () => {
  it.each([
    ['line breaks', 'one\ntwo', '<p>one<br />two</p>'],
    ['other forms of line breaks', 'one\r\ntwo\rthree', '<p>one<br>two<br>three</p>'],
    ['paragraphs', 'one\n\ntwo', '<p>one</p><p>two</p>'],
    ['more than one empty line', 'one\n\n\n\ntwo', '<p>one</p><p>two</p>'],
    ['spaces around', '  one \n', '<p>one</p>'],
    ['no paragraph at all', 'one', 'one'],
    ['escaped characters', `<b> & "q" 'a'`, '<p>&lt;b&gt; &amp; &quot;q&quot; &#39;a&#39;</p>'],
    ['numeric entities', "it's 🙂", '<p>it&#x27;s &#128578;</p>'],
    ["an entity in the author's text", 'write &amp; or &lt;', '<p>write &amp;amp; or &amp;lt;</p>'],
    [
      'a shortened link',
      'See https://www.example.com/a/very/long/path/that/is/cut?b=1&c=2.',
      `<p>See ${link('https://www.', 'example.com/a/very/long/path/t', 'hat/is/cut?b=1&amp;c=2')}.</p>`,
    ],
    [
      'a link with other words',
      'See https://example.com/1',
      '<p>See <a href="https://example.com/1">here</a></p>',
    ],
    ['a link with its slash', 'https://example.com', `<p>${link('https://', 'example.com/')}</p>`],
    ['a mention of another server', 'Hi @alice@social.example!', `<p>Hi ${mention('alice')}!</p>`],
    ['a mention without an account', 'Hi @alice@social.example!', '<p>Hi @alice@social.example!</p>'],
    ['a mention of this server', 'Hi @bob', `<p>Hi ${mention('bob')}</p>`],
    ['a tag', 'News #tag', `<p>News ${tag('tag')}</p>`],
    ['decomposed letters', 'cafe\u0301', '<p>café</p>'],
    ['emoji', '👨‍👩‍👧‍👦 :blobcat:', '<p>👨‍👩‍👧‍👦 :blobcat:</p>'],
  ])('recognises %s', (_name, sent, content) => {
    expect(compareStatus(text(sent), remote(content))).toBe('same');
  });

  it.each([
    ['other words', 'one', '<p>two</p>'],
    ['a text with the same beginning', 'one', '<p>one two</p>'],
    ['another mention', 'Hi @alice@social.example', `<p>Hi ${mention('bob')}</p>`],
    ['another tag', '#one', `<p>${tag('two')}</p>`],
  ])('distinguishes %s', (_name, sent, content) => {
    expect(compareStatus(text(sent), remote(content))).toBe('different');
  });

  it.each([
    ['another link', 'New: https://example.com/1', `<p>New: ${link('https://', 'example.com/2')}</p>`],
    ['a text changed by Markdown', '*very* new', '<p><em>very</em> new</p>'],
    ['one line of two', 'one\ntwo', '<p>one two</p>'],
    ['other case', 'One', '<p>ONE</p>'],
  ])('is only similar for %s', (_name, sent, content) => {
    expect(compareStatus(text(sent), remote(content))).toBe('similar');
  });

  it('is only similar if there is an extra image or warning', () => {
    expect(compareStatus(text('one'), remote('<p>one</p>', attached('7')))).toBe('similar');
    const warned = remote('<p>one</p>', { spoiler_text: 'careful &  kind' });
    expect(compareStatus(text('one'), warned)).toBe('similar');
    expect(compareStatus(text('one', 'careless'), warned)).toBe('similar');
    expect(compareStatus(text('one', 'careful'), remote('<p>one</p>'))).toBe('similar');
    expect(compareStatus(text('one', 'careful & kind'), warned)).toBe('same');
  });

  it('recognises our image by its id even with another text, and no other image', () => {
    expect(compareStatus(withImage('one', '6', '7'), remote('<p>changed</p>', attached('7')))).toBe('same');
    expect(compareStatus(withImage('one', '7'), remote('<p>one</p>', attached('8')))).toBe('similar');
    expect(compareStatus(withImage('one', '7'), remote('<p>one</p>'))).toBe('similar');
    expect(compareStatus(withImage('', '7'), remote('', attached('7')))).toBe('same');
  });

  it('uses the source text if the server sends it, instead of the HTML', () => {
    const written = (words: string, over: Partial<Status> = {}) =>
      remote('<h2>Well</h2>&#128578;<hr>', { text: words, ...over });
    expect(compareStatus(text('# Well\n:-)\n---'), written('# Well\n:-)\n---'))).toBe('same');
    expect(compareStatus(text('# Well\n:-)\n---'), written('# Well\n:-|'))).toBe('similar');
    expect(compareStatus(text('# Well\n:-)\n---'), written('Unwell'))).toBe('different');
    expect(compareStatus(text('# Well'), remote('<h2>Well</h2>', { text: '' }))).toBe('similar');
  });

  it('recognises our image by its URL if the text is ours too', () => {
    const shown = { media_attachments: [{ id: 'status_0', url: addressOf('7') }] };
    expect(compareStatus(withImage('one', '7'), remote('<p>one</p>', shown))).toBe('same');
    expect(compareStatus(withImage('', '7'), remote('', shown))).toBe('same');
    expect(compareStatus(withImage('one', '7'), remote('<p>two</p>', shown))).toBe('similar');
    expect(compareStatus(withImage('one', '8'), remote('<p>one</p>', shown))).toBe('similar');
    expect(compareStatus(withImage('one', '8'), remote('<p>two</p>', shown))).toBe('different');
  });

  it('recognises a linked image that the server shows as an attachment', () => {
    const link = addressOf('7');
    const shown = { text: `See ${link}`, media_attachments: [{ id: 'status_0', url: link }] };
    expect(compareStatus(text(`See ${link}`), remote('See', shown))).toBe('same');
    expect(compareStatus(text('See'), remote('See', shown))).toBe('similar');
  });

  it('does not count a boost', () => {
    expect(compareStatus(text('one'), remote('<p>one</p>', { reblog: { id: '2' } }))).toBe('different');
  });

  it('reads HTML attributes in any form', () => {
    expect(textOf(`<p><a class='x' href='https://example.com/?a=1&amp;b=2'>cut…</a></p>`).trim()).toBe(
      'https://example.com/?a=1&b=2',
    );
  });
});
