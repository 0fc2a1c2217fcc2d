namespace ArrowCid.Storage;

internal enum SegmentState { Free = 0, Creating = 1, Open = 2, Sealed = 3, Retired = 4 }
