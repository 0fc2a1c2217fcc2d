namespace ArrowCid.Storage;

internal enum SegmentKind { Data = 1, Facts = 2, Jumbo = 3 }
