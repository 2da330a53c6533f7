import { createAzureRanges } from '../../../src/domain/network/azure-ranges';

const tag = (name: string, region: string, systemService: string, addressPrefixes: string[]) => ({
  name,
  properties: { region, systemService, addressPrefixes },
});
const find = createAzureRanges([
  tag('AzureCloud', '', '', ['20.0.0.0/8', '2603:1000::/24']),
  tag('AzureCloud.westeurope', 'westeurope', '', ['20.50.0.0/17', '2603:1020:200::/47']),
  tag('AzureDevOps.WestEurope', 'westeurope', 'AzureDevOps', ['20.50.1.64/26', 'not a prefix']),
]);

test('names the region and the service of the smallest range', () => {
  expect(find('20.50.1.65')).toEqual({ region: 'westeurope', service: 'AzureDevOps' });
  expect(find('20.50.1.63')).toEqual({ region: 'westeurope', service: null });
  expect(find('20.50.128.1')).toEqual({ region: null, service: null });
  expect(find('::ffff:20.50.1.65')).toEqual({ region: 'westeurope', service: 'AzureDevOps' });
  expect(find('2603:1020:201::1')).toEqual({ region: 'westeurope', service: null });
  expect(find('2603:1020:202::1')).toEqual({ region: null, service: null });
});

test("does not find an address outside Azure's ranges, or a text that is no address", () => {
  for (const ip of ['21.0.0.1', '2604::1', '', '20.50.1', 'vm-1']) expect(find(ip)).toBeNull();
});
