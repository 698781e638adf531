import type { Database, Statement } from 'better-sqlite3';
import type { DamageWatch } from './damage-watch.js';
import type { Sql, SqlValue } from './sql.js';

/** SQL over TypeORM's SQLite connection, with a prepared statement for each text. Past TypeORM's query
 *  runner, whose bookkeeping costs several times what a heartbeat's statement does. */
export class SqliteSql implements Sql {
  private readonly statements = new Map<string, Statement<SqlValue[]>>();
  private readonly columns = new Map<string, Statement<SqlValue[]>>();

  constructor(
    private readonly database: Database,
    private readonly damage?: DamageWatch,
  ) {}

  all<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.promise(() => this.prepared(text).all(...parameters) as Row[]);
  }

  column<Value>(text: string, parameters: readonly SqlValue[] = []): Promise<Value[]> {
    return this.promise(() => this.plucked(text).all(...parameters) as Value[]);
  }

  first<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return this.promise(() => this.prepared(text).get(...parameters) as Row | undefined);
  }

  run(text: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return this.promise(() => this.prepared(text).run(...parameters).changes);
  }

  private prepared(text: string): Statement<SqlValue[]> {
    return kept(this.statements, text, () => this.database.prepare(text));
  }

  private plucked(text: string): Statement<SqlValue[]> {
    return kept(this.columns, text, () => this.database.prepare<SqlValue[]>(text).pluck());
  }

  /** What `work` throws becomes a rejection. */
  private promise<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.damage?.refuse();
      try {
        resolve(work());
      } catch (error) {
        this.damage?.look(error);
        throw error;
      }
    });
  }
}

function kept<Key, Value>(values: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = values.get(key);
  if (found !== undefined) return found;
  const value = make();
  values.set(key, value);
  return value;
}
