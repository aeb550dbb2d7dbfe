import { MongoClient } from 'mongodb';
import { withDatabase } from '../openMongo';

describe('withDatabase', () => {
  it.each([
    ['mongodb://h:1', 'mongodb://h:1/new'],
    ['mongodb://h:1/', 'mongodb://h:1/new'],
    ['mongodb://h:1/old', 'mongodb://h:1/new'],
    [
      'mongodb://u:p%2F@h1:1,h2:2/old?replicaSet=rs',
      'mongodb://u:p%2F@h1:1,h2:2/new?replicaSet=rs&authSource=old',
    ],
    ['mongodb://u:p@h:1/old', 'mongodb://u:p@h:1/new?authSource=old'],
    ['mongodb://u:p@h:1', 'mongodb://u:p@h:1/new?authSource=admin'],
    ['mongodb://u:p@h:1/?tls=true', 'mongodb://u:p@h:1/new?tls=true&authSource=admin'],
    ['mongodb://u:p@h:1/old?authSource=admin', 'mongodb://u:p@h:1/new?authSource=admin'],
    [
      'mongodb://u:p@h:1/old?tls=true&authsource=admin',
      'mongodb://u:p@h:1/new?tls=true&authsource=admin',
    ],
    [
      'mongodb+srv://u:p@cluster.example.test/old',
      'mongodb+srv://u:p@cluster.example.test/new?authSource=old',
    ],
    ['mongodb://h:1?tls=true', 'mongodb://h:1/new?tls=true'],
    ['mongodb+srv://cluster.example.test/old', 'mongodb+srv://cluster.example.test/new'],
  ])('%s', (uri, expected) => {
    expect(withDatabase(uri, 'new')).toBe(expected);
  });

  it('refuses what is no connection string, without repeating it', () => {
    expect(() => withDatabase('postgres://user:secret@h', 'new')).toThrow(/^(?!.*secret)/);
  });

  it.each([
    'mongodb://u:p@h:1',
    'mongodb://u:p@h:1/old',
    'mongodb://u:p@h:1/?authSource=x',
    'mongodb://u:p@h:1/old?authMechanism=SCRAM-SHA-256',
    'mongodb://u@h:1/?tls=true&authMechanism=MONGODB-X509',
  ])('%s: the driver looks its user up where it did', (uri) => {
    const source = (text: string) => new MongoClient(text).options.credentials?.source;
    expect(source(withDatabase(uri, 'new'))).toBe(source(uri));
  });
});
