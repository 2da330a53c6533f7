/** First-party applications by app id. Source: "Verify first-party Microsoft applications in sign-in reports", learn.microsoft.com. */
const wellKnown: Record<string, string> = {
  '04b07795-8ddb-461a-bbee-02f9e1bf7b46': 'Azure CLI (Terraform uses the same app ID)',
  '1950a258-227b-4e31-a9cf-717495945fc2': 'Azure PowerShell',
  'c44b4083-3bb0-49c1-b47d-974e53cbdf3c': 'Azure portal',
  '872cd9fa-d31f-45e0-9eab-6e460a02d1f1': 'Visual Studio',
  'aebc6443-996d-45c2-90f0-388ff96faa56': 'Visual Studio Code',
  '14d82eec-204b-4c2f-b7e8-296a70dab67e': 'Microsoft Graph command line tools',
  '0c1307d4-29d6-4389-a11c-5cbe7f65d7fa': 'Azure mobile app',
  '499b84ac-1321-427f-aa17-267ca6975798': 'Azure DevOps',
};

export const applicationName = (appId: string): string | null => wellKnown[appId.toLowerCase()] ?? null;
