namespace ArrowCid.Parquet;

/// <summary>How a page's values are laid out.</summary>
public enum ParquetEncoding
{
    /// <summary>By what the values are: a dictionary where it pays, differences for numbers that rise, split bytes for
    /// compressed floating-point numbers, else plain.</summary>
    Automatic = 0,
    /// <summary>One value after another.</summary>
    Plain,
    /// <summary>Differences: of integers, of byte strings' lengths.</summary>
    Delta,
    /// <summary>Byte strings without the beginning that they share with the one before; integers as by
    /// <see cref="Delta"/>.</summary>
    DeltaStrings,
    /// <summary>The bytes of numbers apart.</summary>
    ByteStreamSplit,
}
