import { PeerCommand } from '../cli/peer-command.js';
import {
  renderDoctor,
  toChecksFailed,
  toDoctorData,
  type DoctorData,
} from '../cli/render-doctor.js';
import { servingFlags } from '../cli/session-flags.js';
import { TransferError } from '../core/transfer-error.js';
import { examine } from '../engine/doctor/examine.js';

export default class Doctor extends PeerCommand {
  static override summary = 'check version, disk, clock, tracker, membership and reachability';
  static override flags = { listen: servingFlags.listen, advertise: servingFlags.advertise };

  async run(): Promise<DoctorData> {
    const { flags } = await this.parse(Doctor);
    const home = await this.openHome(flags);
    const config = typedFailure(() => this.peerConfig(flags, home));
    const patient = {
      home,
      programVersion: this.config.version,
      downloadFolder: process.cwd(),
      config,
    };
    const findings = await examine(patient, { signal: this.signal });
    const result = toDoctorData(findings);
    this.log(renderDoctor(result));
    const failure = toChecksFailed(findings);
    if (failure !== undefined) throw failure;
    return result;
  }
}

/** What is wrong with the settings is a finding, too. */
function typedFailure<T>(work: () => T): T | TransferError {
  try {
    return work();
  } catch (error) {
    if (error instanceof TransferError) return error;
    throw error;
  }
}
