namespace ArrowCid.Registry;

/// <summary>One reason why a block is kept.</summary>
public readonly record struct KeepReason
{
    /// <summary>What keeps it.</summary>
    public required KeepKind Kind { get; init; }

    /// <summary>The name, where one does; of damage the place, of a last copy what was tried; else null.</summary>
    public required string? Name { get; init; }

    /// <summary>The block that needs it, where one does (the first of several); else null.</summary>
    public required Cid? By { get; init; }

    /// <summary>What lets the block be removed, where damage keeps it; else null.</summary>
    public Remedy? Remedy => Kind == KeepKind.Unknowable
        ? By is { } block ? new Remedy(RemedyKind.RepairBlock, block.ToString()) : new Remedy(RemedyKind.RepairStore)
        : null;

    /// <summary>The reason in words.</summary>
    /// <returns>A clause without a full stop.</returns>
    public override string ToString() => Kind switch
    {
        KeepKind.NotHere => "it is not here",
        KeepKind.Named => $"the name '{Name}' points to it",
        KeepKind.Pinned => "it is pinned",
        KeepKind.Held => "a running process holds it",
        KeepKind.SchemaOf => $"it is the schema of {By}",
        KeepKind.ParentOfView => $"{By} is a part of it",
        KeepKind.LinkedFrom => $"{By} links to it",
        KeepKind.Unexpired => "it has not expired",
        KeepKind.Lasting => "it never expires",
        KeepKind.Recent => "it was put a short time ago",
        KeepKind.WithinBudget => "it fits into the budget",
        KeepKind.NamedBefore => $"the name '{Name}' pointed to it",
        KeepKind.Result => $"it belongs to the result of the call {By}, which has not expired",
        KeepKind.StatementOf => $"it is a signed statement about {By}, or its signature",
        KeepKind.Message => $"it is a message of the channel {By}",
        KeepKind.LastCopy => Name is null
            ? "no other copy of it was read and proved"
            : $"no other copy of it was read and proved: {Name}",
        KeepKind.NotCopied => $"it is to be copied to '{Name}' first",
        KeepKind.Unknowable when By is { } block => $"{block} is damaged and may link to it",
        KeepKind.Unknowable => $"records at {Name} cannot be read and may need it",
        _ => Kind.ToString(),
    };
}
