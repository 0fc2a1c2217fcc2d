using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>What is said of a batch as it is put. Whoever sees the block sees these facts.</summary>
public sealed class PutOptions : BlockMetadata
{
    /// <summary>A name that stands for the block from then on, whatever it stood for; it is set once the block is
    /// there.</summary>
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
