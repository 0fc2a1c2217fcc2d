namespace ArrowCid.Columnar;

/// <summary>Arrow's physical and logical types, one value each (Arrow columnar format 1.5, "Data Types").</summary>
internal enum ArrowTypeId
{
    /// <summary>No values at all: every slot is null.</summary>
    Null = 1,
    /// <summary>One bit a slot.</summary>
    Boolean,
    /// <summary>Signed, 8 bits.</summary>
    Int8,
    /// <summary>Signed, 16 bits.</summary>
    Int16,
    /// <summary>Signed, 32 bits.</summary>
    Int32,
    /// <summary>Signed, 64 bits.</summary>
    Int64,
    /// <summary>Unsigned, 8 bits.</summary>
    UInt8,
    /// <summary>Unsigned, 16 bits.</summary>
    UInt16,
    /// <summary>Unsigned, 32 bits.</summary>
    UInt32,
    /// <summary>Unsigned, 64 bits.</summary>
    UInt64,
    /// <summary>IEEE 754 binary16.</summary>
    Float16,
    /// <summary>IEEE 754 binary32.</summary>
    Float32,
    /// <summary>IEEE 754 binary64.</summary>
    Float64,
    /// <summary>A decimal in 4 bytes.</summary>
    Decimal32,
    /// <summary>A decimal in 8 bytes.</summary>
    Decimal64,
    /// <summary>A decimal in 16 bytes.</summary>
    Decimal128,
    /// <summary>A decimal in 32 bytes.</summary>
    Decimal256,
    /// <summary>Days since 1970-01-01, int32.</summary>
    Date32,
    /// <summary>Milliseconds since 1970-01-01, int64.</summary>
    Date64,
    /// <summary>Time of day in seconds or milliseconds, int32.</summary>
    Time32,
    /// <summary>Time of day in microseconds or nanoseconds, int64.</summary>
    Time64,
    /// <summary>Time since 1970-01-01, int64, with a unit and perhaps a time zone.</summary>
    Timestamp,
    /// <summary>A span of time, int64, with a unit.</summary>
    Duration,
    /// <summary>Whole months, int32.</summary>
    IntervalYearMonth,
    /// <summary>Days and milliseconds, two int32.</summary>
    IntervalDayTime,
    /// <summary>Months and days (int32 each) and nanoseconds (int64).</summary>
    IntervalMonthDayNano,
    /// <summary>UTF-8 text with int32 offsets.</summary>
    Utf8,
    /// <summary>UTF-8 text with int64 offsets.</summary>
    LargeUtf8,
    /// <summary>UTF-8 text as 16-byte views.</summary>
    Utf8View,
    /// <summary>Bytes with int32 offsets.</summary>
    Binary,
    /// <summary>Bytes with int64 offsets.</summary>
    LargeBinary,
    /// <summary>Bytes as 16-byte views.</summary>
    BinaryView,
    /// <summary>Bytes of one length.</summary>
    FixedSizeBinary,
    /// <summary>A list with int32 offsets.</summary>
    List,
    /// <summary>A list with int64 offsets.</summary>
    LargeList,
    /// <summary>A list with int32 offsets and sizes.</summary>
    ListView,
    /// <summary>A list with int64 offsets and sizes.</summary>
    LargeListView,
    /// <summary>A list of one length.</summary>
    FixedSizeList,
    /// <summary>A tuple of named fields.</summary>
    Struct,
    /// <summary>A list of key and value pairs.</summary>
    Map,
    /// <summary>A union whose children are as long as it is.</summary>
    SparseUnion,
    /// <summary>A union with an offset into the chosen child.</summary>
    DenseUnion,
    /// <summary>Runs of equal values.</summary>
    RunEndEncoded,
    /// <summary>Indices into a dictionary of values.</summary>
    Dictionary,
}
