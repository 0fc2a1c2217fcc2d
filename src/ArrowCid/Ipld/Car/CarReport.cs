using System.Collections.Immutable;

namespace ArrowCid.Ipld.Car;

/// <summary>What was found in an archive.</summary>
internal sealed class CarReport
{
    /// <summary>The maximum number of items of each kind that are named; all are counted.</summary>
    public const int MostNamed = 1000;

    private readonly SortedDictionary<string, long> _unverifiable = new(StringComparer.Ordinal);

    /// <summary>1 or 2.</summary>
    public required int Version { get; init; }

    /// <summary>The roots of the header.</summary>
    public required ImmutableArray<Cid> Roots { get; init; }

    /// <summary>The blocks' bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>The sizes of the blocks.</summary>
    public CarSizes Sizes { get; } = new();

    /// <summary>Blocks that were there before.</summary>
    public long Duplicates { get; set; }

    /// <summary>Blocks of codecs whose links are not known.</summary>
    public long Opaque { get; set; }

    /// <summary>Blocks whose hash function is not here, by its name.</summary>
    public IReadOnlyDictionary<string, long> Unverifiable => _unverifiable;

    /// <summary>Roots whose blocks are not there.</summary>
    public List<Cid> RootsMissing { get; } = [];

    /// <summary>The first blocks that are linked to and not there.</summary>
    public List<Cid> Missing { get; } = [];

    /// <summary>The blocks that are linked to and not there.</summary>
    public long MissingCount { get; set; }

    /// <summary>The first blocks that no root leads to.</summary>
    public List<Cid> Orphans { get; } = [];

    /// <summary>The blocks that no root leads to.</summary>
    public long OrphanCount { get; set; }

    /// <summary>The first blocks that do not hash to their CIDs.</summary>
    public List<CarFault> Faults { get; } = [];

    /// <summary>The blocks that do not hash to their CIDs.</summary>
    public long FaultCount { get; private set; }

    /// <summary>The first blocks that hash to their CIDs and are not of their codec.</summary>
    public List<CarFault> Malformed { get; } = [];

    /// <summary>The blocks that hash to their CIDs and are not of their codec.</summary>
    public long MalformedCount { get; private set; }

    /// <summary>Whether there is an index.</summary>
    public bool HasIndex { get; set; }

    /// <summary>What is wrong with the index, which nothing relies on; or null.</summary>
    public string? IndexFault { get; set; }

    /// <summary>Where the last section begins that the file does not have whole; null where the file is not cut
    /// short.</summary>
    public long? CutAt { get; set; }

    /// <summary>Whether every block that can be proved is what its CID says, and all that the roots lead to is
    /// there.</summary>
    public bool IsWhole => FaultCount == 0 && RootsMissing.Count == 0 && MissingCount == 0;

    public void AddUnverifiable(Cid cid)
    {
        string name = Multicodec.Name(cid.Hash.Code);
        _unverifiable[name] = _unverifiable.GetValueOrDefault(name) + 1;
    }

    public void AddFault(string what, long offset)
    {
        FaultCount++;
        if (Faults.Count < MostNamed) Faults.Add(new CarFault(what, offset));
    }

    public void AddMalformed(string what, long offset)
    {
        MalformedCount++;
        if (Malformed.Count < MostNamed) Malformed.Add(new CarFault(what, offset));
    }

    public void AddMissing(Cid cid)
    {
        MissingCount++;
        if (Missing.Count < MostNamed) Missing.Add(cid);
    }

    public void AddOrphan(Cid cid)
    {
        OrphanCount++;
        if (Orphans.Count < MostNamed) Orphans.Add(cid);
    }
}
