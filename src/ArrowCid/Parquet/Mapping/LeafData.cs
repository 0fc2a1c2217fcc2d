namespace ArrowCid.Parquet;

/// <summary>One leaf of a row group as its pages gave it.</summary>
internal sealed class LeafData
{
    public required int MaxDefinition { get; init; }

    public required int MaxRepetition { get; init; }

    public int LevelCount { get; set; }

    /// <summary>A level each where the leaf is in a list, or in more than one thing that can be null.</summary>
    public byte[]? Definition { get; set; }

    public byte[]? Repetition { get; set; }

    /// <summary>Arrow's bitmap where the leaf is optional and nothing else.</summary>
    public byte[]? ValidBits { get; set; }

    public int PresentCount { get; set; }

    /// <summary>The values that are there; null where <see cref="Indices"/> are.</summary>
    public ValueBuffer? Values { get; set; }

    /// <summary>Indices into <see cref="Dictionary"/>, where the caller keeps dictionaries and all pages have
    /// indices.</summary>
    public ValueBuffer? Indices { get; set; }

    public ValueBuffer? Dictionary { get; set; }

    /// <summary>Which of the next 32 levels begin a slot at a level of repetition that exists from a level of
    /// definition on.</summary>
    public uint SlotsFrom(int level, int repetition, int existing)
    {
        int left = LevelCount - level;
        uint slots = left >= LevelMask.Step ? uint.MaxValue : (1u << left) - 1;
        if (Repetition is not null && repetition < MaxRepetition)
            slots &= LevelMask.AtMost(Repetition.AsSpan(0, LevelCount), level, repetition);
        if (existing > 0 && Definition is not null)
            slots &= LevelMask.AtLeast(Definition.AsSpan(0, LevelCount), level, existing);
        return slots;
    }
}
