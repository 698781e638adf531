import type { MigrationInterface, QueryRunner } from 'typeorm';

/** JSON of the endpoints at which a peer has answered as itself; NULL: not tried yet. */
export class ProvenEndpoints1768780800000 implements MigrationInterface {
  readonly name = 'ProvenEndpoints1768780800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE peers ADD COLUMN proven_endpoints TEXT');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE peers DROP COLUMN proven_endpoints');
  }
}
