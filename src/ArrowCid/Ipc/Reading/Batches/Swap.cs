namespace ArrowCid.Ipc;

/// <summary>How a buffer's bytes turn between big- and little-endian: by the width of its numbers.</summary>
internal enum Swap
{
    None,
    By2,
    By4,
    By8,
    By16,
    By32,
    MonthDayNano,
    Views,
}
