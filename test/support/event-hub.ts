import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import rhea from 'rhea';

interface Stored {
  sequenceNumber: number;
  enqueuedAt: number;
  body: Buffer;
}

interface Reading {
  sender: rhea.Sender;
  group: string;
  partition: number;
  epoch: number;
  /** Index of the next message to send. */
  next: number;
}

/** Simulates an event hub over AMQP 1.0: claims-based security, $management, partitions and epochs. */
export interface SimulatedEventHub {
  connectionString: string;
  /** Writes one message, as Azure Monitor does; a string is sent as is and need not be JSON. */
  append: (partition: number, body: unknown) => void;
  /** Current readers, with consumer group, partition and connection. */
  readers: () => { group: string; partition: number; client: string }[];
  /** Cuts every connection, as a node upgrade of the service does. */
  cut: () => void;
  /** Number of messages sent, counting repeats. */
  sent: () => number;
  stop: () => Promise<void>;
}

const keyName = 'listen';
const key = 'a2V5IG9mIHRoZSBzaW11bGF0ZWQgaHVi';

/** @see https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide (Event Hubs' is the same) */
export async function startEventHub(
  name = 'insights-activity-logs',
  partitions = 2,
): Promise<SimulatedEventHub> {
  const log: Stored[][] = Array.from({ length: partitions }, () => []);
  const readings = new Set<Reading>();
  const connections = new Set<rhea.Connection>();
  const authorized = new WeakMap<rhea.Connection, Set<string>>();
  let sent = 0;
  const container = rhea.create_container({ id: 'event-hub' });
  container.sasl_server_mechanisms.enable_anonymous();
  container.sasl_server_mechanisms.enable_plain(() => true);

  function pump(reading: Reading): void {
    const { sender } = reading;
    const stored = log[reading.partition] as Stored[];
    while (sender.is_open() && sender.sendable() && reading.next < stored.length) {
      const { sequenceNumber, enqueuedAt, body } = stored[reading.next++] as Stored;
      sent++;
      sender.send({
        body: rhea.message.data_section(body),
        message_annotations: {
          'x-opt-sequence-number': rhea.types.wrap_long(sequenceNumber),
          'x-opt-offset': String(sequenceNumber * 1000),
          'x-opt-enqueued-time': rhea.types.wrap_timestamp(enqueuedAt),
        },
      });
    }
  }

  function open(sender: rhea.Sender): void {
    const address = String(sender.source?.address ?? '');
    if (address.startsWith('$')) return;
    const path = /^([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/(\d+)$/.exec(address);
    const partition = Number(path?.[3] ?? -1);
    const refuse = (condition: string, description: string) => sender.close({ condition, description });
    if (path?.[1] !== name || !log[partition])
      return refuse('amqp:not-found', `The messaging entity '${address}' could not be found.`);
    if (!authorized.get(sender.connection)?.has(address))
      return refuse(
        'amqp:unauthorized-access',
        `Unauthorized access. 'Listen' claim(s) are required for '${address}'.`,
      );
    const group = path[2] as string;
    const properties = (sender as unknown as { properties?: Record<string, unknown> }).properties ?? {};
    const epoch = Number(properties['com.microsoft:epoch'] ?? -1);
    for (const other of readings) {
      if (other.group !== group || other.partition !== partition) continue;
      if (other.epoch > epoch) return refuse('amqp:link:stolen', 'A receiver with a higher epoch exists.');
      readings.delete(other);
      other.sender.close({
        condition: 'amqp:link:stolen',
        description: `New receiver with epoch '${epoch}' is created, hence current receiver is disconnected.`,
      });
    }
    const reading = { sender, group, partition, epoch, next: startOf(sender, log[partition]) };
    readings.add(reading);
    pump(reading);
  }

  function reply(
    context: rhea.EventContext,
    about: string,
    code: number,
    description: string,
    body: unknown,
  ): void {
    const message = context.message as rhea.Message;
    const sender = context.connection.find_sender(
      (link: rhea.Sender) => link.source?.address === about && link.is_open(),
    );
    sender?.send({
      to: message.reply_to as string,
      correlation_id: message.message_id as string,
      application_properties: {
        'status-code': code,
        'status-description': description,
        statusCode: code,
        statusDescription: description,
      },
      body,
    });
  }

  function onMessage(context: rhea.EventContext): void {
    const message = context.message as rhea.Message;
    const properties = message.application_properties as Record<string, string>;
    const target = String(context.receiver?.target?.address);
    if (target === '$cbs') {
      const accepted = isSignatureValid(String(message.body));
      if (!accepted)
        return reply(context, target, 401, 'InvalidSignature: The token has an invalid signature.', '');
      const audience = decodeURIComponent(String(properties.name)).replace(/^[a-z]+:\/\/[^/]+\//, '');
      const allowed = authorized.get(context.connection) ?? new Set();
      authorized.set(context.connection, allowed.add(audience));
      return reply(context, target, 202, 'Accepted', '');
    }
    if (properties.name !== name)
      return reply(context, target, 404, `The messaging entity '${properties.name}' could not be found.`, '');
    reply(context, target, 200, 'OK', {
      name,
      type: properties.type,
      created_at: rhea.types.wrap_timestamp(0),
      partition_count: partitions,
      partition_ids: log.map((_, index) => String(index)),
      georeplication_factor: 1,
    });
  }

  container.on('connection_open', ({ connection }) => connections.add(connection));
  const forget = ({ connection }: { connection: rhea.Connection }) => {
    connections.delete(connection);
    for (const reading of readings) if (reading.sender.connection === connection) readings.delete(reading);
  };
  container.on('connection_close', forget);
  container.on('disconnected', forget);
  container.on('connection_error', () => {});
  container.on('sender_open', ({ sender }) => sender && open(sender));
  container.on('sender_close', ({ sender }) => {
    for (const reading of readings) if (reading.sender === sender) readings.delete(reading);
  });
  container.on('sendable', ({ sender }) => {
    for (const reading of readings) if (reading.sender === sender) pump(reading);
  });
  container.on('receiver_open', ({ receiver }) => receiver?.set_target(receiver.remote.attach.target));
  container.on('message', onMessage);
  // Links echo what was requested, including filters.
  container.options.autosettle = true;

  const server = container.listen({ port: 0, host: '127.0.0.1' });
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=${keyName};SharedAccessKey=${key};UseDevelopmentEmulator=true;EntityPath=${name}`,
    append: (partition, body) => {
      const stored = log[partition] as Stored[];
      stored.push({
        sequenceNumber: stored.length,
        enqueuedAt: Date.now(),
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      });
      for (const reading of readings) if (reading.partition === partition) pump(reading);
    },
    readers: () =>
      [...readings].map(({ group, partition, sender }) => ({
        group,
        partition,
        client: sender.connection.container_id,
      })),
    cut: () => {
      for (const connection of connections)
        (connection as unknown as { socket: { destroy(): void } }).socket.destroy();
    },
    sent: () => sent,
    stop: async () => {
      for (const connection of connections) connection.close();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** Index of the first message that the link's selector matches. */
function startOf(sender: rhea.Sender, stored: readonly Stored[]): number {
  const filter =
    (sender.source as { filter?: Record<string, { value?: unknown }> } | undefined)?.filter ?? {};
  const selector = String(filter['apache.org:selector-filter:string']?.value ?? '');
  const match = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time) >(=?) '(.+)'$/.exec(
    selector,
  );
  if (!match) throw new Error(`Event Hubs does not support this selector: ${selector}`);
  const [, kind, orEqual, value] = match;
  if (value === '@latest') return stored.length;
  const wanted = Number(value);
  const found = stored.findIndex((message) => {
    const its =
      kind === 'offset'
        ? message.sequenceNumber * 1000
        : kind === 'sequence-number'
          ? message.sequenceNumber
          : message.enqueuedAt;
    return orEqual ? its >= wanted : its > wanted;
  });
  return found < 0 ? stored.length : found;
}

/** @see https://learn.microsoft.com/azure/event-hubs/authenticate-shared-access-signature */
function isSignatureValid(token: string): boolean {
  const parts = new URLSearchParams(token.replace(/^SharedAccessSignature /, ''));
  const signed = createHmac('sha256', key)
    .update(`${encodeURIComponent(parts.get('sr') ?? '')}\n${parts.get('se')}`)
    .digest('base64');
  return (
    parts.get('skn') === keyName && signed === parts.get('sig') && Number(parts.get('se')) > Date.now() / 1000
  );
}
