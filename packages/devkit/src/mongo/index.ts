export { openMongo } from './openMongo';
export type { Mongo, MongoOptions } from './openMongo';
