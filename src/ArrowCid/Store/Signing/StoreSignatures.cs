using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>
/// Signed statements about blocks and names (<c>Signing/SIGNING.md</c>). A statement and its signature are blocks,
/// which a fact (kind 18 of <c>FACTS.md</c>) joins to the block that they are about: backups and copies include them,
/// and they stay as long as that block does.
/// </summary>
public sealed partial class StoreSignatures
{
    /// <summary>The name in a bundle of the program that proves it.</summary>
    public const string VerifierName = "verify.py";

    private const int MostTries = 16;

    private readonly CidStore _store;

    internal StoreSignatures(CidStore store) =>
        (_store, Trust, Seals) = (store, new StoreTrust(store), new StoreSeals(store));

    /// <summary>Seals of the log, with which a later edit of history shows.</summary>
    public StoreSeals Seals { get; }

    /// <summary>Which keys have to sign which blocks.</summary>
    public StoreTrust Trust { get; }

    /// <summary>Signs a statement about a stored block.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="key">The key.</param>
    /// <param name="says">The words of the statement; null for none.</param>
    /// <returns>The statement and its signature, which are stored.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the block is neither here nor at a
    /// place; <see cref="ErrorCode.InvalidArgument"/>: a word is over a limit; <see cref="ErrorCode.Io"/>: the device
    /// that has the key failed; others as for <see cref="CidStore.PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public SignedStatement Sign(Cid cid, SigningKey key, IReadOnlyDictionary<string, string>? says = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        RequireKnown(cid);
        SignedStatement signed = Make(cid, key, says, null, null);
        Put(signed);
        _store.Registry.Facts.Append(FactOf(cid, signed));
        return signed;
    }

    /// <summary>Signs one statement about each of many blocks, as <see cref="Sign(Cid, SigningKey,
    /// IReadOnlyDictionary{string, string})"/> does in turn.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="key">The key.</param>
    /// <param name="says">The words of each statement; null for none.</param>
    /// <param name="progress">Gets the number of blocks that were signed so far.</param>
    /// <param name="cancellationToken">Cancels the call. Statements that were made before stay.</param>
    /// <returns>The number of statements.</returns>
    /// <exception cref="ArrowCidException">As for the other.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public long Sign(IEnumerable<Cid> cids, SigningKey key, IReadOnlyDictionary<string, string>? says = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        ArgumentNullException.ThrowIfNull(key);
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        var batch = new FactBatch(_store.Registry);
        long count = 0;
        foreach (Cid cid in cids)
        {
            RequireKnown(cid);
            SignedStatement signed = Make(cid, key, says, null, null);
            Put(signed);
            batch.Add([FactOf(cid, signed)]);
            count++;
            operation.Step();
        }

        batch.Append();
        operation.Finish();
        return count;
    }

    /// <summary>Makes a name point to a stored block and signs that, as one step: the statement follows the last one
    /// about the name, so that a return to an earlier block without a new statement shows
    /// (<see cref="CheckName"/>).</summary>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block.</param>
    /// <param name="key">The key.</param>
    /// <param name="says">The words of the statement; null for none.</param>
    /// <returns>The change, and the statement.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreNames.Set(string, Cid)"/> and
    /// <see cref="Sign(Cid, SigningKey, IReadOnlyDictionary{string, string})"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public (NameChange Change, SignedStatement Statement) SetName(string name, Cid cid, SigningKey key,
        IReadOnlyDictionary<string, string>? says = null)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return SetName(name, cid, _store.Names.Resolve(name), key, says);
            }
            catch (ArrowCidException e)
                when (e.Code is ErrorCode.NameConflict or ErrorCode.NameExists && tries < MostTries)
            {
                // Another change came first: this one follows it.
            }
        }
    }

    /// <summary>As the other, if the name points to the expected block.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block that it is to point to.</param>
    /// <param name="expected">The block that it points to; null: there is no such name.</param>
    /// <param name="key">The key.</param>
    /// <param name="says">The words of the statement; null for none.</param>
    /// <returns>The change, and the statement.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameConflict"/> or <see cref="ErrorCode.NameExists"/>:
    /// it points to another block; others as for the other.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public (NameChange Change, SignedStatement Statement) SetName(string name, Cid cid, Cid? expected, SigningKey key,
        IReadOnlyDictionary<string, string>? says = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(key);
        BlockProof.ThrowIfDefault(cid);
        FactAppender.ThrowIfNoName(name);
        Cid? previous = StatementsOf(name, null, null).LastOrDefault()?.Cid;
        SignedStatement signed = Make(cid, key, says, name, previous);
        Put(signed);
        NameChange change = _store.Registry.Names.Set(name, cid, new NameExpectation(IsAny: false, expected),
            with: FactOf(cid, signed));
        return (change, signed);
    }

    /// <summary>Stores a statement that was signed elsewhere, once its signature is proved.</summary>
    /// <param name="signed">The statement. The block that it is about need not be here.</param>
    /// <param name="secret">The shared secret, for a statement of it; null if there is none.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the signature does not hold, or cannot
    /// be proved, and nothing was stored. Others as for <see cref="CidStore.PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Add(SignedStatement signed, SigningKey? secret = null)
    {
        ArgumentNullException.ThrowIfNull(signed);
        SignatureState state = signed.Check(out Statement? statement, secret);
        if (state != SignatureState.Holds)
            throw new ArrowCidException(ErrorCode.InvalidData, $"{signed.Cid}: {FaultOf(state, statement)}");
        Put(signed);
        _store.Registry.Facts.Append(FactOf(statement!.Subject, signed));
    }

    /// <summary>Stores statements that were proved, or need a shared secret.</summary>
    internal void AddImported(IEnumerable<SignedStatement> statements)
    {
        var batch = new FactBatch(_store.Registry);
        foreach (SignedStatement signed in statements)
        {
            if (signed.Check(out Statement? statement) == SignatureState.Broken) continue;
            Put(signed);
            batch.Add([FactOf(statement!.Subject, signed)]);
        }

        batch.Append();
    }

    /// <summary>Checks all signed statements about a block.</summary>
    /// <param name="cid">The block, which need not be here.</param>
    /// <param name="secret">The shared secret, for statements of it; null if there is none.</param>
    /// <returns>The statements, oldest first; none where there are none.</returns>
    public IReadOnlyList<StatementCheck> Check(Cid cid, SigningKey? secret = null)
    {
        BlockProof.ThrowIfDefault(cid);
        return [.. PairsOf(cid).Select(pair => Check(cid, pair, secret))
            .OrderBy(check => check.Statement?.Time ?? DateTimeOffset.MinValue).ThenBy(check => check.Cid)];
    }

    /// <summary>Compares what a name points to with the signed statements about it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="signers">The keys whose statements count, as <see cref="SigningKey.Id"/>; null: all.</param>
    /// <param name="secret">The shared secret, for statements of it; null if there is none.</param>
    /// <returns>The statements, and what is wrong.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there never was such a
    /// name.</exception>
    public NameCheck CheckName(string name, IReadOnlyCollection<string>? signers = null, SigningKey? secret = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_store.Names.GetHistory(name).Count == 0)
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no name '{name}'");
        List<StatementCheck> chain = StatementsOf(name, signers, secret);
        Cid? target = _store.Names.Resolve(name);
        Cid? missing = chain.Count > 0 && chain[0].Statement!.Previous is { } previous ? previous : null;
        return new NameCheck
        {
            Name = name,
            Target = target,
            Statements = chain,
            Missing = missing,
            Fault = FaultOf(name, chain, target),
        };
    }

    /// <summary>
    /// Writes an evidence bundle (<c>Ipld/MANIFESTS.md</c>): a CAR of blocks with all that they need and were made of,
    /// the signed statements about any of them, their metadata, and a program in Python's standard library that proves
    /// all of it without ArrowCid. Each block is proved before it is written; the same contents give the same bytes.
    /// </summary>
    /// <param name="cids">The blocks that it is about.</param>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were written so far.</param>
    /// <param name="cancellationToken">Cancels the call. The output is not complete then.</param>
    /// <returns>What was written; the one root is the list of all blocks.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block, or one that it needs, is not
    /// here; <see cref="ErrorCode.BlockCorrupt"/>: its bytes are damaged; <see cref="ErrorCode.Unsupported"/>: a block
    /// of another codec than raw and dag-cbor.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CarExport ExportBundle(IReadOnlyList<Cid> cids, Stream output,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        ArgumentNullException.ThrowIfNull(output);
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        return new BundleExport(_store).Write(cids, output, operation);
    }

    /// <summary>The signed statements about blocks that can be verified, each once.</summary>
    internal List<SignedStatement> About(IEnumerable<Cid> cids) => [.. cids
        .SelectMany(PairsOf)
        .Distinct()
        .Where(pair => _store.Registry.Entries.Signers.CheckKnown(pair, out _) == SignatureState.Holds)
        .Select(pair => SignedOf(pair) is { } signed && signed.Cid == pair.Statement &&
            signed.SignatureCid == pair.Signature ? signed : null)
        .OfType<SignedStatement>()];

    /// <summary>The links from a block to its signed statements.</summary>
    internal IReadOnlyList<SignedPair> PairsOf(Cid cid) => _store.Metadata.Get(cid)?.Signed ?? [];

    private SignedStatement? SignedOf(SignedPair pair)
    {
        SignerReader reader = _store.Registry.Entries.Signers;
        return reader.Read(pair.Statement) is { } block && reader.Read(pair.Signature) is { } signature
            ? SignedStatement.FromBytes(block, signature)
            : null;
    }

    /// <summary>Why a statement does not hold, as a clause.</summary>
    internal static string FaultOf(SignatureState state, Statement? statement) => state switch
    {
        SignatureState.Missing => "the block of the statement or of its signature is not here",
        SignatureState.NoKey => $"the shared secret {statement?.Key} is needed to prove it",
        _ => statement is null ? "the statement has another form" : $"the signature by {statement.Key} does not hold",
    };

    private StatementCheck Check(Cid cid, SignedPair pair, SigningKey? secret)
    {
        SignatureState state = _store.Registry.Entries.Signers.Check(pair, secret, out Statement? statement);
        string? fault = state == SignatureState.Holds ? null : FaultOf(state, statement);
        if (statement is not null && statement.Subject.Hash != cid.Hash)
        {
            state = SignatureState.Broken;
            fault = $"it is a statement about {statement.Subject}, not about this block";
        }

        return new StatementCheck
        {
            Cid = pair.Statement,
            SignatureCid = pair.Signature,
            State = state,
            Statement = statement,
            Signed = SignedOf(pair),
            Fault = fault,
        };
    }

    /// <summary>The statements about a name that hold, each after the one that it follows.</summary>
    private List<StatementCheck> StatementsOf(string name, IReadOnlyCollection<string>? signers, SigningKey? secret)
    {
        var open = _store.Names.GetHistory(name).Select(change => change.Cid).OfType<Cid>().Distinct()
            .SelectMany(target => Check(target, secret))
            .Where(check => check.State == SignatureState.Holds && check.Statement!.Name == name &&
                (signers is null || signers.Contains(check.Statement.Key)))
            .DistinctBy(check => check.Cid).OrderBy(check => check.Statement!.Time).ThenBy(check => check.Cid).ToList();
        // A time is the signer's word; what follows what is proved.
        var chain = new List<StatementCheck>(open.Count);
        while (open.Count > 0)
        {
            int next = open.FindIndex(check => !open.Exists(other => other.Cid == check.Statement!.Previous));
            chain.Add(open[next]);
            open.RemoveAt(next);
        }

        return chain;
    }

    private static string? FaultOf(string name, List<StatementCheck> chain, Cid? target)
    {
        if (chain.Count == 0) return null;
        StatementCheck[] last =
            [.. chain.Where(check => !chain.Exists(other => other.Statement!.Previous == check.Cid))];
        if (last.Length > 1)
        {
            string which = string.Join(", ", last.Select(check => check.Cid));
            return $"{last.Length} statements about '{name}' have none after them: {which}";
        }

        Statement said = last[0].Statement!;
        return target is { } now && now.Hash == said.Subject.Hash ? null
            : $"'{name}' points to {target?.ToString() ?? "nothing"}, and the last signed statement says " +
                $"{said.Subject} ({said.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}): it was rolled back, or changed " +
                "without a signature";
    }

    private SignedStatement Make(Cid cid, SigningKey key, IReadOnlyDictionary<string, string>? says, string? name,
        Cid? previous) => SignedStatement.Sign(new Statement
        {
            Subject = cid,
            Name = name,
            Previous = previous,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(_store.Clock.GetUtcNow().ToUnixTimeMilliseconds()),
            Says = says ?? new Dictionary<string, string>(),
            Key = key.Id,
        }, key);

    private void Put(SignedStatement signed)
    {
        _ = _store.Putting.PutOfCodec(Multicodec.DagCbor, signed.Block, nanoseconds: 0);
        _ = _store.PutRaw(signed.Signature);
    }

    private static SignedFact FactOf(Cid subject, SignedStatement signed) =>
        new(subject, signed.Cid, signed.SignatureCid);

    private void RequireKnown(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        if (_store.Contains(cid) || _store.Metadata.Get(cid) is { Copies.Count: > 0 }) return;
        throw _store.Proofs.NotHere(cid);
    }
}
