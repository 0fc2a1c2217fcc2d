namespace ArrowCid.Registry;

/// <summary>Why a block is not removed.</summary>
public enum KeepKind
{
    /// <summary>It is not here.</summary>
    NotHere = 0,

    /// <summary>A name stands for it.</summary>
    Named = 1,

    /// <summary>It is pinned.</summary>
    Pinned = 2,

    /// <summary>A process that lives holds it.</summary>
    Held = 3,

    /// <summary>It is the schema of a batch that stays.</summary>
    SchemaOf = 4,

    /// <summary>A block that stays is a range of it.</summary>
    ParentOfView = 5,

    /// <summary>A block that stays links to it.</summary>
    LinkedFrom = 6,

    /// <summary>The time up to which it is needed has not come.</summary>
    Unexpired = 7,

    /// <summary>Nothing says when it is no longer needed.</summary>
    Lasting = 8,

    /// <summary>It was put, or announced again, too short a time ago.</summary>
    Recent = 9,

    /// <summary>The store is small enough with it.</summary>
    WithinBudget = 10,

    /// <summary>A name stood for it, and what names stood for was to be kept.</summary>
    NamedBefore = 11,

    /// <summary>What may need it is damaged, so that nobody knows what that needs.</summary>
    Unknowable = 12,
}

/// <summary>One reason why a block is kept.</summary>
/// <param name="Kind">What keeps it.</param>
/// <param name="Name">The name, where one does; of damage the place; else null.</param>
/// <param name="By">The block that needs it, where one does (the first of several); else null.</param>
public readonly record struct KeepReason(KeepKind Kind, string? Name, Cid? By)
{
    /// <summary>The reason in words.</summary>
    /// <returns>A clause without a full stop.</returns>
    public override string ToString() => Kind switch
    {
        KeepKind.NotHere => "it is not here",
        KeepKind.Named => $"the name '{Name}' stands for it",
        KeepKind.Pinned => "it is pinned",
        KeepKind.Held => "a running process holds it",
        KeepKind.SchemaOf => $"it is the schema of {By}",
        KeepKind.ParentOfView => $"{By} is a part of it",
        KeepKind.LinkedFrom => $"{By} links to it",
        KeepKind.Unexpired => "it has not expired",
        KeepKind.Lasting => "it never expires",
        KeepKind.Recent => "it was put a short time ago",
        KeepKind.WithinBudget => "there is room for it",
        KeepKind.NamedBefore => $"the name '{Name}' stood for it",
        KeepKind.Unknowable when By is { } block =>
            $"{block} is damaged and may link to it; put that again, remove it, or run 'arrowcid doctor --fix'",
        KeepKind.Unknowable => $"records at {Name} cannot be read and may need it; run 'arrowcid doctor --fix'",
        _ => Kind.ToString(),
    };
}
