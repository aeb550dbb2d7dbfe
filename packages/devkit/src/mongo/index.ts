export { openMongo, prepareMongo } from './openMongo';
export type { Mongo, MongoOptions } from './openMongo';
