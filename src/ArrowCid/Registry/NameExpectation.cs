namespace ArrowCid.Registry;

/// <summary>The block that a name must point to before a change.</summary>
/// <param name="IsAny">True if any block, or none, is accepted.</param>
/// <param name="Cid">The expected block; null if the name must not exist.</param>
internal readonly record struct NameExpectation(bool IsAny, Cid? Cid)
{
    /// <summary>Throws where a name does not point to what is expected.</summary>
    /// <param name="name">The name.</param>
    /// <param name="now">What it points to.</param>
    /// <param name="last">The stamp of its last change; null if there was none.</param>
    /// <param name="cid">What it is to point to.</param>
    /// <param name="expected">What is expected.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>, <see cref="ErrorCode.NameExists"/> or
    /// <see cref="ErrorCode.NameConflict"/>.</exception>
    public static void Check(string name, Cid? now, FactStamp? last, Cid? cid, NameExpectation expected)
    {
        if (cid is null && expected.IsAny && now is null)
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no name '{name}'");
        if (expected.IsAny || now == expected.Cid) return;
        string change = last is { } stamp ? $" since {stamp.When:O}" : "";
        throw expected.Cid is null
            ? new ArrowCidException(ErrorCode.NameExists, $"the name '{name}' is taken: it points to {now}{change}")
            : new ArrowCidException(ErrorCode.NameConflict, $"the name '{name}' points to " +
                $"{now?.ToString() ?? "nothing"}{change}, not to {expected.Cid}; read it again and retry");
    }
}
