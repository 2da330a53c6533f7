const swc = [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
];
const shared = {
  testEnvironment: 'node',
  transform: {
    '\\.ts$': swc,
    'node_modules/(jose|@secretlint|boundary|structured-source|p-limit|yocto-queue|openid-client|oauth4webapi|oidc-provider|@opentelemetry/otlp-exporter-base)/.+\\.c?js$':
      swc,
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|@secretlint|boundary|structured-source|p-limit|yocto-queue|openid-client|oauth4webapi|oidc-provider|@opentelemetry/otlp-exporter-base)/)',
  ],
  rootDir: __dirname,
};

/** Unit tests, and those that start the whole bot; both against real Redis, Bolt and the Azure SDK. */
module.exports = {
  testTimeout: 60_000,
  maxWorkers: '100%',
  projects: [
    {
      ...shared,
      displayName: 'test',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/test/end-to-end/', '/test/faults/', '/test/pictures/'],
    },
    { ...shared, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.test.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/end-to-end/**/*.test.ts'] },
    // Run by scripts/screenshots.mjs.
    { ...shared, displayName: 'pictures', testMatch: ['<rootDir>/test/pictures/**/*.test.ts'] },
  ],
};
