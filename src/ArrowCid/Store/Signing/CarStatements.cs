using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>The signed statements that a CAR carries: gathered for an export, proved and stored by an import.</summary>
internal sealed class CarStatements
{
    private readonly List<(SignedStatement Signed, Statement Statement)> _proved = [];
    private readonly HashSet<int> _lists = [];

    /// <summary>The blocks that only list statements, which are not stored.</summary>
    public IReadOnlySet<int> Lists => _lists;

    /// <summary>The number of statements.</summary>
    public int Count => _proved.Count;

    /// <summary>The statements about blocks that are exported, and all beneath them.</summary>
    public static IReadOnlyList<SignedStatement> About(CidStore store, IReadOnlyList<Cid> cids,
        CarExportOptions? options) => cids is null || options is { Statements: false }
            ? []
            : store.Signatures.About(cids.SelectMany(cid => Below(store, cid)));

    /// <summary>Reads and proves what a CAR lists.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: one does not hold.</exception>
    public static CarStatements Read(CarContents contents)
    {
        var made = new CarStatements();
        made.Prove(contents, StatementsOf(contents, made._lists));
        return made;
    }

    /// <summary>Joins the statements to their blocks, and takes back new blocks that a trust rule refuses.</summary>
    /// <param name="store">The store, which has the blocks by now.</param>
    /// <param name="blocks">The blocks that came.</param>
    public void Take(CidStore store, IReadOnlyList<ImportedBlock> blocks)
    {
        foreach ((SignedStatement one, Statement said) in _proved)
            store.Registry.Facts.Append(new SignedFact(said.Subject, one.Cid, one.SignatureCid));
        store.Signatures.Trust.RequireImported(blocks.Where(block => block.IsNew).Select(block => block.Cid));
    }

    /// <summary>A block that is exported and all beneath it; a damaged one has nothing beneath it here, and is
    /// reported when it is written.</summary>
    private static Cid[] Below(CidStore store, Cid cid)
    {
        try
        {
            return store.Contains(cid) ? [.. new BundleExport(store).ClosureOf(cid)] : [];
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.BlockNotFound)
        {
            return [];
        }
    }

    /// <summary>The signed statements that a CAR lists, and its lists, which are no blocks to be stored.</summary>
    private static List<(Cid Statement, Cid Signature)> StatementsOf(CarContents contents, HashSet<int> lists)
    {
        var found = new List<(Cid, Cid)>();
        foreach (Cid root in contents.Report.Roots.Where(root => root.Codec == Multicodec.DagCbor))
        {
            int index = contents.Find(root);
            if (index < 0 || contents.IsDamaged(index)) continue;
            if (StatementList.TryDecode(contents.ReadBlock(index), out bool isBundle) is not { } pairs) continue;
            found.AddRange(pairs);
            if (!isBundle) _ = lists.Add(index);
        }

        return found;
    }

    /// <summary>The listed statements whose blocks are there; one that is broken refuses the CAR.</summary>
    private void Prove(CarContents contents, List<(Cid Statement, Cid Signature)> pairs)
    {
        foreach ((Cid statement, Cid signature) in pairs)
        {
            int one = contents.Find(statement), other = contents.Find(signature);
            if (one < 0 || other < 0 || contents.IsDamaged(one) || contents.IsDamaged(other)) continue;
            if (contents.Blocks[one].Length > Statement.MaxBytes || contents.Blocks[other].Length > Statement.MaxBytes)
                throw new ArrowCidException(ErrorCode.InvalidData, $"{statement} is no statement; nothing was put");
            var signed = SignedStatement.FromBytes(contents.ReadBlock(one), contents.ReadBlock(other));
            SignatureState state = signed.Check(out Statement? said);
            if (state == SignatureState.Broken)
                throw new ArrowCidException(ErrorCode.InvalidData,
                    $"{statement}: {StoreSignatures.FaultOf(state, said)}; nothing was put");
            _proved.Add((signed, said!));
        }
    }
}
