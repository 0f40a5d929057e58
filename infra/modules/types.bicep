// What several modules mean by the same words.

@export()
@description('Who reaches a resource. public: everybody, guarded by identities. restricted: the Function\'s subnet, these addresses, and what a module names besides. private: private endpoints only')
type access = {
  @description('How the deployment is reached')
  network: 'public' | 'restricted' | 'private'

  @description('Resource id of the Function\'s subnet; empty where the network is public')
  subnetId: string

  @description('Public addresses of operators, such as 203.0.113.7 or 203.0.113.0/24')
  addresses: string[]
}
