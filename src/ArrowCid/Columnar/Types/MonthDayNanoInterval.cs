using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>A value of <see cref="ArrowTypeId.IntervalMonthDayNano"/>, as it lies in memory. The parts are
/// independent.</summary>
/// <param name="Months">Months; may be negative.</param>
/// <param name="Days">Days; may be negative.</param>
/// <param name="Nanoseconds">Nanoseconds; may be negative and more than a day.</param>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct MonthDayNanoInterval(int Months, int Days, long Nanoseconds);
