// Checks Kusto queries by Microsoft's own language service: `node kusto.js < FILE`, a JSON object of "tables" (a schema such
// as "(name: string)" by table) and "queries" (a text by name). Prints a JSON object: findings by the query's name.
const fs = require('node:fs')
const vm = require('node:vm')
const at = '../../node_modules/@kusto/language-service-next'
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  const path = require.resolve(`${at}/${file}`)
  vm.runInThisContext(fs.readFileSync(path, 'utf8'), path) // scripts for a browser, which share globals
}
const { GlobalState, KustoCode, Symbols } = Kusto.Language

const given = JSON.parse(fs.readFileSync(0, 'utf8'))
const tables = Object.entries(given.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null))
const database = new Symbols.DatabaseSymbol.ctor('db', tables)
const globals = GlobalState.Default.WithDatabase(database)

const found = {}
for (const [name, query] of Object.entries(given.queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics()
  found[name] = Array.from({ length: diagnostics.Count }, (_, i) => diagnostics.getItem(i).Message)
}
process.stdout.write(JSON.stringify(found))
