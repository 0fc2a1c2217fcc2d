namespace ArrowCid.Storage;

internal enum EntryStatus { Right, Other, Stale, Refused, Corrupt }
