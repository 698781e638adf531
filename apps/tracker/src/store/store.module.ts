import { Global, Logger, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { LogKeeper } from './log-keeper.js';
import { LogWatchService } from './log-watch.service.js';
import { rawConnection, type OpenDatabase } from './open-database.js';
import { OutsideCommits } from './outside-commits.js';
import { SqliteSql } from './sqlite-sql.js';
import { DAMAGE_WATCH, LOG_KEEPER, OUTSIDE_COMMITS, READER, WRITE_QUEUE } from './store.tokens.js';
import { WriteQueue } from './write-queue.js';
import { WriterShutdown } from './writer-shutdown.service.js';

const READER_SOURCE = 'reader';

/** The open database for every module: a reader of what is committed, and the one writer. */
@Global()
@Module({})
export class StoreModule {
  static with(database: OpenDatabase): DynamicModule {
    const { damage } = database;
    return {
      module: StoreModule,
      imports: [source(database.writer), source(database.reader, READER_SOURCE)],
      providers: [
        {
          provide: READER,
          inject: [getDataSourceToken(READER_SOURCE)],
          useFactory: (reader: DataSource) => new SqliteSql(rawConnection(reader), damage),
        },
        {
          provide: WRITE_QUEUE,
          inject: [getDataSourceToken()],
          useFactory: (writer: DataSource) =>
            new WriteQueue(new SqliteSql(rawConnection(writer), damage)),
        },
        {
          provide: OUTSIDE_COMMITS,
          inject: [getDataSourceToken()],
          useFactory: (writer: DataSource) => new OutsideCommits(rawConnection(writer)),
        },
        { provide: DAMAGE_WATCH, useValue: damage },
        {
          provide: LOG_KEEPER,
          inject: [getDataSourceToken()],
          useFactory: (writer: DataSource) =>
            new LogKeeper(rawConnection(writer), new Logger('store')),
        },
        WriterShutdown,
        LogWatchService,
      ],
      exports: [READER, WRITE_QUEUE, OUTSIDE_COMMITS],
    };
  }
}

function source(opened: DataSource, name = 'default'): DynamicModule {
  return TypeOrmModule.forRootAsync({
    name,
    useFactory: () => opened.options,
    dataSourceFactory: () => Promise.resolve(opened),
  });
}
