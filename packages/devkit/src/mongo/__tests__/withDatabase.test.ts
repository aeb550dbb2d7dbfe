import { withDatabase } from '../openMongo';

describe('withDatabase', () => {
  it.each([
    ['mongodb://h:1', 'mongodb://h:1/new'],
    ['mongodb://h:1/', 'mongodb://h:1/new'],
    ['mongodb://h:1/old', 'mongodb://h:1/new'],
    [
      'mongodb://u:p%2F@h1:1,h2:2/old?replicaSet=rs',
      'mongodb://u:p%2F@h1:1,h2:2/new?replicaSet=rs',
    ],
    ['mongodb://h:1?tls=true', 'mongodb://h:1/new?tls=true'],
    ['mongodb+srv://cluster.example.test/old', 'mongodb+srv://cluster.example.test/new'],
  ])('%s', (uri, expected) => {
    expect(withDatabase(uri, 'new')).toBe(expected);
  });

  it('refuses what is no connection string, without repeating it', () => {
    expect(() => withDatabase('postgres://user:secret@h', 'new')).toThrow(/^(?!.*secret)/);
  });
});
