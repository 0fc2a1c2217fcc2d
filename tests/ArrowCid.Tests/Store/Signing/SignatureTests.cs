using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Signing;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Signed statements about blocks and names of a store.</summary>
public sealed class SignatureTests : IDisposable
{
    private readonly TemporaryStore _folder = new();
    private readonly SigningKey _key = SigningKey.Create(), _other = SigningKey.Create();

    public void Dispose()
    {
        _folder.Dispose();
        _key.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Signed_block_lists_its_statements_and_is_found_by_its_signer()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid, plain = store.Put(Stores.Numbers(2)).Cid;
        SignedStatement signed = store.Signatures.Sign(cid, _key, new Dictionary<string, string> { ["role"] = "approved" });
        _ = store.Signatures.Sign(cid, _other);
        IReadOnlyList<StatementCheck> found = store.Signatures.Check(cid);
        Assert.Equal(2, found.Count);
        StatementCheck one = found.Single(check => check.Cid == signed.Cid);
        Assert.Equal((SignatureState.Holds, _key.Id, "approved", cid),
            (one.State, one.Statement!.Key, one.Statement.Says["role"], one.Statement.Subject));
        Assert.Empty(store.Signatures.Check(plain));
        Assert.Equal(new[] { _key.Id, _other.Id }.Order(StringComparer.Ordinal), store.Metadata.Get(cid)!.Signers);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal([cid], Found(store, $"signer = \"{_key.Id}\""));
            Assert.Equal([cid], Found(store, "kind = batch and has signer"));
            Assert.Equal([plain], Found(store, "kind = batch and not has signer"));
            Assert.Equal([cid], Found(store, "signer ~ \"p256:*\""));
            Assert.Empty(Found(store, "signer = other"));
            // Once from the log, once from the index.
            _ = store.Maintenance.Checkpoint();
        }

        Assert.Equal("signed", store.Metadata.QueryPage(new QueryOptions { Filter = Filter.Parse("has signer") }).Plan.Index);
    }

    [Fact]
    public void Statement_about_another_block_does_not_count()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid, other = store.Put(Stores.Numbers(2)).Cid;
        SignedStatement signed = store.Signatures.Sign(other, _key);
        store.Registry.Facts.Append(new SignedFact(cid, signed.Cid, signed.SignatureCid));
        StatementCheck check = Assert.Single(store.Signatures.Check(cid));
        Assert.Equal(SignatureState.Broken, check.State);
        Assert.Contains("not about this block", check.Fault, StringComparison.Ordinal);
        Assert.Empty(store.Metadata.Get(cid)!.Signers);
        Assert.Equal([other], Found(store, "has signer"));
    }

    [Fact]
    public void Broken_and_missing_statements_are_told_apart()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        SignedStatement good = store.Signatures.Sign(cid, _key);
        byte[] bad = good.Signature.ToArray();
        bad[^1] ^= 1;
        Cid broken = store.PutRaw(bad).Cid;
        store.Registry.Facts.Append(new SignedFact(cid, good.Cid, broken));
        Cid gone = Cid.Sha256(Multicodec.DagCbor, "gone"u8);
        store.Registry.Facts.Append(new SignedFact(cid, gone, good.SignatureCid));
        Dictionary<(Cid, Cid), SignatureState> states = store.Signatures.Check(cid)
            .ToDictionary(check => (check.Cid, check.SignatureCid), check => check.State);
        Assert.Equal(SignatureState.Holds, states[(good.Cid, good.SignatureCid)]);
        Assert.Equal(SignatureState.Broken, states[(good.Cid, broken)]);
        Assert.Equal(SignatureState.Missing, states[(gone, good.SignatureCid)]);
        Assert.Equal([_key.Id], store.Metadata.Get(cid)!.Signers);
    }

    [Fact]
    public void Foreign_statement_is_stored_only_if_it_holds()
    {
        using CidStore store = Stores.Open(_folder);
        (string id, byte[] block, byte[] signature) = SigningVectors.All[0];
        store.Signatures.Add(SignedStatement.FromBytes(block, signature));
        Cid subject = Cid.Sha256(Multicodec.Raw, "a"u8);
        Assert.Equal(id, Assert.Single(store.Signatures.Check(subject)).Statement!.Key);
        signature[^1] ^= 1;
        Assert.Equal(ErrorCode.InvalidData, Code(() => store.Signatures.Add(SignedStatement.FromBytes(block, signature))));
        (_, block, signature) = SigningVectors.All[2];
        Assert.Equal(ErrorCode.InvalidData, Code(() => store.Signatures.Add(SignedStatement.FromBytes(block, signature))));
        using SigningKey shared = SigningVectors.Shared();
        store.Signatures.Add(SignedStatement.FromBytes(block, signature), shared);
        Assert.Equal(2, store.Signatures.Check(subject, shared).Count(check => check.State == SignatureState.Holds));
        Assert.Equal([id], store.Metadata.Get(subject)!.Signers);
    }

    [Fact]
    public void Block_that_is_not_stored_is_not_signed()
    {
        using CidStore store = Stores.Open(_folder);
        Assert.Equal(ErrorCode.BlockNotFound, Code(() => store.Signatures.Sign(Cid.Sha256(Multicodec.Raw, "x"u8), _key)));
    }

    [Fact]
    public void Many_blocks_are_signed_at_once()
    {
        using CidStore store = Stores.Open(_folder);
        Cid[] cids = [.. Enumerable.Range(0, 200).Select(n => store.Put(Stores.Numbers(n)).Cid)];
        Assert.Equal(200, store.Signatures.Sign(cids, _key));
        Assert.Equal(200, store.Metadata.Count(Filter.Parse($"kind = batch and signer = \"{_key.Id}\"")).Count);
    }

    [Fact]
    public void Signed_name_shows_a_rollback_and_a_change_without_a_signature()
    {
        using CidStore store = Stores.Open(_folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Signatures.SetName("release", one, _key);
        (_, SignedStatement second) = store.Signatures.SetName("release", two, _key);
        NameCheck check = store.Signatures.CheckName("release");
        Assert.Equal((null, null, two), (check.Fault, check.Missing, check.Target!.Value));
        Assert.Equal([one, two], check.Statements.Select(each => each.Statement!.Subject));
        Assert.Equal(check.Statements[0].Cid, Statement.Decode(second.Block.Span).Previous);

        _ = store.Names.Set("release", one);
        Assert.Contains("rolled back", store.Signatures.CheckName("release").Fault, StringComparison.Ordinal);
        _ = store.Names.Remove("release");
        Assert.Contains("nothing", store.Signatures.CheckName("release").Fault, StringComparison.Ordinal);
        _ = store.Signatures.SetName("release", one, _key);
        check = store.Signatures.CheckName("release");
        Assert.Null(check.Fault);
        Assert.Equal([one, two, one], check.Statements.Select(each => each.Statement!.Subject));
    }

    [Fact]
    public void Name_changed_by_another_signer_is_judged_by_the_keys_that_count()
    {
        using CidStore store = Stores.Open(_folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Signatures.SetName("release", one, _key);
        _ = store.Signatures.SetName("release", two, _other);
        Assert.Null(store.Signatures.CheckName("release").Fault);
        Assert.NotNull(store.Signatures.CheckName("release", [_key.Id]).Fault);
        NameCheck others = store.Signatures.CheckName("release", [_other.Id]);
        Assert.Null(others.Fault);
        Assert.NotNull(others.Missing);
    }

    [Fact]
    public void Signed_name_with_an_expectation_that_fails_changes_nothing()
    {
        using CidStore store = Stores.Open(_folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Names.Set("release", one);
        Assert.Equal(ErrorCode.NameExists, Code(() => store.Signatures.SetName("release", two, null, _key)));
        Assert.Equal(ErrorCode.NameConflict, Code(() => store.Signatures.SetName("release", two, two, _key)));
        Assert.Empty(store.Signatures.CheckName("release").Statements);
        Assert.Equal(one, store.Names.Resolve("release"));
    }

    [Fact]
    public void Statement_stays_as_long_as_its_block()
    {
        using CidStore store = Stores.Open(_folder);
        Cid kept = store.Put(Stores.Numbers(1)).Cid, gone = store.Put(Stores.Numbers(2)).Cid;
        store.Retention.Pin(kept);
        SignedStatement stays = store.Signatures.Sign(kept, _key), goes = store.Signatures.Sign(gone, _key);
        RemoveResult refused = store.Retention.Remove([stays.Cid, stays.SignatureCid]);
        Assert.Empty(refused.Removed);
        Assert.All(refused.Kept, block => Assert.Contains(block.Reasons, reason => reason.Kind == KeepKind.StatementOf));
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        Assert.Equal([true, true, true, false, false, false], ((Cid[])
            [kept, stays.Cid, stays.SignatureCid, gone, goes.Cid, goes.SignatureCid]).Select(store.Contains));
        Assert.Equal(SignatureState.Holds, Assert.Single(store.Signatures.Check(kept)).State);
    }

    [Fact]
    public void Statements_survive_compaction_a_rebuilt_index_and_a_backup()
    {
        using var copy = new TemporaryStore();
        Cid cid;
        using (CidStore store = Stores.Open(_folder))
        {
            cid = store.Put(Stores.Numbers(1)).Cid;
            _ = store.Signatures.SetName("n", cid, _key);
            for (int i = 0; i < 50; i++) store.Metadata.Tag(cid, "t", $"{i}");
            _ = store.Maintenance.Checkpoint();
            _ = store.Maintenance.Compact();
            using CidStore target = Stores.Open(copy);
            _ = store.Transfer.CopyTo(target);
            Assert.Equal([cid], Found(target, $"signer = \"{_key.Id}\""));
            Assert.Null(target.Signatures.CheckName("n").Fault);
        }

        using CidStore again = Stores.Open(_folder);
        Assert.Equal([cid], Found(again, $"signer = \"{_key.Id}\""));
        Assert.Single(again.Signatures.CheckName("n").Statements);
    }

    private static Cid[] Found(CidStore store, string filter) =>
        [.. store.Query(Filter.Parse(filter)).Select(entry => entry.Cid)];

    private static ErrorCode Code(Action call) => Assert.Throws<ArrowCidException>(call).Code;
}
