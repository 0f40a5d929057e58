// Index, skillset, data source and indexer, which Azure Resource Manager has no types for: a script puts them, with an
// identity of its own. It is infra/scripts/put_search_objects.py with the JSON definitions of infra/search, as they are.
//
// Azure runs the script in a container beside a storage account of its own making, which needs account keys and is
// deleted with the container. Where a policy forbids such accounts, set searchObjects to 'hook' in main.bicep.

@description('Name of the script resource')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Resource id of the identity that the script runs as')
param identityId string

@description('The search settings, by the names of the environment variables that `python -m infra.search` reads')
param settings { *: string }

// The script finds its files where the repository has them.
var files = [
  { path: 'infra/az.py', text: loadTextContent('../az.py') }
  { path: 'infra/scripts/put_search_objects.py', text: loadTextContent('../scripts/put_search_objects.py') }
  { path: 'shared/errors.py', text: loadTextContent('../../shared/errors.py') }
  { path: 'infra/search/templates.py', text: loadTextContent('../search/templates.py') }
  { path: 'infra/search/datasource.json', text: loadTextContent('../search/datasource.json') }
  { path: 'infra/search/index.json', text: loadTextContent('../search/index.json') }
  { path: 'infra/search/skillset.json', text: loadTextContent('../search/skillset.json') }
  { path: 'infra/search/indexer.json', text: loadTextContent('../search/indexer.json') }
  { path: 'infra/search/simple.index.json', text: loadTextContent('../search/simple.index.json') }
  { path: 'infra/search/simple.skillset.json', text: loadTextContent('../search/simple.skillset.json') }
  { path: 'infra/search/simple.indexer.json', text: loadTextContent('../search/simple.indexer.json') }
  { path: 'infra/search/variants/classifier.json', text: loadTextContent('../search/variants/classifier.json') }
  { path: 'infra/search/variants/compare.json', text: loadTextContent('../search/variants/compare.json') }
  {
    path: 'infra/search/variants/compare_identity.json'
    text: loadTextContent('../search/variants/compare_identity.json')
  }
  { path: 'infra/search/variants/entra.json', text: loadTextContent('../search/variants/entra.json') }
  { path: 'infra/search/variants/entra_identity.json', text: loadTextContent('../search/variants/entra_identity.json') }
  { path: 'infra/search/variants/identity.json', text: loadTextContent('../search/variants/identity.json') }
  { path: 'infra/search/variants/key.json', text: loadTextContent('../search/variants/key.json') }
  { path: 'infra/search/variants/picture_size.json', text: loadTextContent('../search/variants/picture_size.json') }
  { path: 'infra/search/variants/private.json', text: loadTextContent('../search/variants/private.json') }
  { path: 'infra/search/variants/schedule.json', text: loadTextContent('../search/variants/schedule.json') }
  { path: 'infra/search/variants/vector.json', text: loadTextContent('../search/variants/vector.json') }
]
var writeFiles = map(files, file => 'cat > ${file.path} <<\'END_OF_FILE\'\n${file.text}\nEND_OF_FILE')
var steps = concat(
  ['set -e', 'mkdir -p infra/scripts infra/search/variants shared'],
  writeFiles,
  ['python3 -m infra.scripts.put_search_objects']
)

// Runs again when its text or its settings change, and when its record has expired.
resource script 'Microsoft.Resources/deploymentScripts@2023-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'AzureCLI'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    azCliVersion: '2.77.0'
    environmentVariables: [{ name: 'SEARCH_SETTINGS', value: string(settings) }]
    scriptContent: join(steps, '\n')
    timeout: 'PT30M'
    cleanupPreference: 'Always'
    retentionInterval: 'PT1H'
  }
}
