namespace ArrowCid.Parquet;

/// <summary>A data page that has been written.</summary>
/// <param name="Offset">Its header's first byte.</param>
/// <param name="Length">Header and body, as stored.</param>
/// <param name="FirstRow">Its first row in the row group.</param>
/// <param name="LevelCount">Levels, nulls among them.</param>
/// <param name="NullCount">Levels without a value.</param>
/// <param name="Range">The values' range.</param>
internal readonly record struct WrittenPage(long Offset, int Length, long FirstRow, int LevelCount, int NullCount,
    ValueRange Range);
