namespace ArrowCid.Parquet;

/// <summary>How a leaf's values differ between Arrow's memory and Parquet's pages.</summary>
internal enum Conversion
{
    /// <summary>Not at all: bits of one width.</summary>
    Same,

    /// <summary>There are no values.</summary>
    None,

    Boolean,

    /// <summary>A struct without fields: true where it is not null.</summary>
    Presence,

    /// <summary>8 or 16 bits in an INT32.</summary>
    Narrow,

    /// <summary>Seconds in Arrow, milliseconds in Parquet.</summary>
    Seconds,

    /// <summary>Milliseconds in Arrow, days in Parquet.</summary>
    Days,

    /// <summary>A decimal in big-endian bytes of any length.</summary>
    DecimalBytes,

    /// <summary>A decimal in an INT32 or INT64.</summary>
    DecimalInteger,

    /// <summary>Nanoseconds in the twelve bytes of an INT96.</summary>
    Int96,

    /// <summary>Byte strings.</summary>
    Bytes,

    /// <summary>Fixed-size binary of no bytes, in empty byte strings.</summary>
    Nothing,
}
