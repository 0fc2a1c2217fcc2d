using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The metadata, name and pin of a batch that is put. Every reader that sees the block sees them
/// too.</summary>
public sealed class PutOptions : BlockMetadata
{
    /// <summary>The name that points to the block afterwards, whatever it pointed to before. It is set after the
    /// block is stored: a process that is killed in between leaves the block without the name.</summary>
    public string? Name { get; init; }

    /// <summary>Pins the block.</summary>
    public bool Pin { get; init; }

    /// <summary>The same with another name, or none.</summary>
    internal PutOptions WithName(string? name) => new()
    {
        Tags = Tags,
        Producer = Producer,
        Parents = Parents,
        Json = Json,
        Locations = Locations,
        Expires = Expires,
        ExpiresAfter = ExpiresAfter,
        Pin = Pin,
        Name = name,
    };
}
