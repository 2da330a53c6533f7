import { type AuditEntry, type AuditVerifier, keyChange } from '../domain/audit/audit-chain';
import { auditVerifier } from './keyring';

/**
 * Also trusts the keys named in entries that a trusted key signed, so that entries signed with an older or
 * newer secret can be verified. After several changes of the secret, one key leads to the next.
 */
export function withTrustedKeys(entries: readonly AuditEntry[], verify: AuditVerifier): AuditVerifier {
  let known = verify;
  let unknown = entries.filter(({ action }) => action === keyChange);
  for (;;) {
    const trusted = unknown.filter(
      ({ key = '', hash, signature = '' }) => known(key, hash, signature) === true,
    );
    if (trusted.length === 0) return known;
    unknown = unknown.filter((entry) => !trusted.includes(entry));
    const pems = trusted.flatMap(({ details }) =>
      [details?.publicKey, details?.previousKey].filter((pem) => typeof pem === 'string'),
    );
    const before = known;
    const more = auditVerifier(pems);
    known = (...signed) => before(...signed) ?? more(...signed);
  }
}
