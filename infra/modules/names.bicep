// What every resource is called: its kind's abbreviation, as Microsoft's Cloud Adoption Framework has them, and the token.

@export()
@description('Names of the resources of one deployment; the search service may have a name already')
func resourceNames(token string, existingSearchName string) { *: string } => {
  app: 'func-${token}'
  alerts: 'alert-${token}'
  compare: 'ai-${token}'
  dataAccount: 'st${token}data'
  hostAccount: 'st${token}host'
  identity: 'id-${token}'
  insights: 'appi-${token}'
  network: 'vnet-${token}'
  plan: 'plan-${token}'
  search: empty(existingSearchName) ? 'srch-${token}' : existingSearchName
  vault: 'kv-${token}'
  workspace: 'log-${token}'
}
