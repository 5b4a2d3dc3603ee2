from local.twin.graph.paths import Entry

ENTRIES: list[Entry] = []
