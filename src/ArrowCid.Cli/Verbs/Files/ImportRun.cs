using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>What an import is asked for.</summary>
/// <param name="Store">Where to.</param>
/// <param name="Output">Where a line a block goes.</param>
/// <param name="IsJson">Whether the lines are JSON.</param>
/// <param name="IsPartial">Whether what can be had of a file is taken where not all can be.</param>
/// <param name="ZeroEnds">Whether a section of no length ends a CAR.</param>
/// <param name="RowsPerBlock">Rows per block if tables are cut again; null to keep their batches.</param>
/// <param name="From">Where blocks come from that a CAR lacks; null: from nowhere.</param>
internal sealed record ImportRun(CidStore Store, Output Output, bool IsJson, bool IsPartial, bool ZeroEnds,
    int? RowsPerBlock, BlockBackend? From)
{
    /// <summary>Whether the names that a CAR carries are set.</summary>
    public bool SetsNames { get; init; }

    /// <summary>The batches of tables, in order.</summary>
    public List<Cid> Batches { get; } = [];

    /// <summary>What a name of the whole file would point to; several where the file is not one thing.</summary>
    public List<Cid> Roots { get; } = [];
}
