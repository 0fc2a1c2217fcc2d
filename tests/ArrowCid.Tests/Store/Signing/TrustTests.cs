using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Trust rules: which keys have to sign which blocks.</summary>
public sealed class TrustTests : IDisposable
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
    public void Block_that_a_rule_covers_is_refused_until_its_key_signs_it()
    {
        using CidStore store = Stores.Open(_folder), reader = Stores.Open(_folder);
        Cid covered = PutNamed(store, 1, "prices/a"), free = PutNamed(store, 2, "other");
        Assert.True(CanRead(reader, covered));
        store.Signatures.Trust.Add(Rule(_key, "name ~ \"prices/*\""));
        foreach (CidStore each in (CidStore[])[store, reader])
        {
            var e = Assert.Throws<ArrowCidException>(() => each.TryGet(covered));
            Assert.Equal((ErrorCode.AccessDenied, RemedyKind.SignOrChangeTrust), (e.Code, e.Remedy!.Value.Kind));
            Assert.Contains("name ~ \"prices/*\"", e.Message, StringComparison.Ordinal);
            Assert.Contains(_key.Id, e.Message, StringComparison.Ordinal);
            Assert.True(CanRead(each, free));
            Assert.Equal(ErrorCode.AccessDenied, Code(() => each.Transfer.TryCopyTo(covered, Stream.Null)));
            Assert.Equal(ErrorCode.AccessDenied, Code(() => each.Transfer.ExportCar([covered], Stream.Null)));
            using var backend = each.Transfer.AsBackend();
            Assert.Equal(ErrorCode.AccessDenied, Code(() => backend.TryGet(covered)));
            Assert.NotNull(each.Metadata.Get(covered));
            Assert.True(each.Contains(covered));
        }

        _ = store.Signatures.Sign(covered, _other);
        Assert.False(CanRead(reader, covered));
        _ = store.Signatures.Sign(covered, _key);
        Assert.True(CanRead(reader, covered));
        Assert.True(CanRead(store, covered));
    }

    [Fact]
    public void Rules_of_one_filter_are_alternatives_and_rules_of_different_filters_each_count()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        store.Signatures.Trust.Add(Rule(_key, "name = a"));
        store.Signatures.Trust.Add(Rule(_other, "name = a"));
        _ = store.Signatures.Sign(cid, _other);
        Assert.True(CanRead(store, cid));
        store.Signatures.Trust.Add(Rule(_key, "kind = batch"));
        Assert.False(CanRead(store, cid));
        _ = store.Signatures.Sign(cid, _key);
        Assert.True(CanRead(store, cid));
    }

    [Fact]
    public void Rule_that_warns_reads_and_tells_once_per_block()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        store.Signatures.Trust.Add(Rule(_key, "name = a") with { Policy = TrustPolicy.Warn });
        var warned = new List<TrustVerdict>();
        store.Signatures.Trust.Warned += (_, verdict) => warned.Add(verdict);
        Assert.True(CanRead(store, cid) && CanRead(store, cid));
        TrustVerdict one = Assert.Single(warned);
        Assert.Equal((cid, false, true), (one.Cid, one.IsRefused, one.IsCovered));
    }

    [Fact]
    public void Key_counts_within_its_times_and_until_it_is_revoked()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        _ = store.Signatures.Sign(cid, _key);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        StoreTrust trust = store.Signatures.Trust;
        foreach ((DateTimeOffset? from, DateTimeOffset? until, bool isRead) in
            ((DateTimeOffset?, DateTimeOffset?, bool)[])[(null, null, true), (now.AddHours(1), null, false),
            (now.AddHours(-1), now.AddHours(1), true), (null, now.AddHours(-1), false)])
        {
            trust.Add(Rule(_key, "name = a") with { From = from, Until = until });
            Assert.Equal(isRead, CanRead(store, cid));
        }

        Assert.Contains("outside of the time", trust.Judge(cid).Fault, StringComparison.Ordinal);
        trust.Add(Rule(_key, "name = a"));
        trust.Revoke(_key.Id, now.AddHours(1));
        Assert.True(CanRead(store, cid));
        trust.Revoke(_key.Id);
        Assert.Contains("is revoked", Assert.Throws<ArrowCidException>(() => store.TryGet(cid)).Message, StringComparison.Ordinal);
        Assert.Equal(1, trust.Remove(_key.Id));
        Assert.Equal(0, trust.Remove(_key.Id));
        Assert.True(CanRead(store, cid));
        Assert.Equal(_key.Id, Assert.Single(trust.ListRevoked()).Key);
    }

    [Fact]
    public void Rules_are_sorted_replaced_and_shared_between_handles()
    {
        using CidStore store = Stores.Open(_folder), other = Stores.Open(_folder);
        Assert.Empty(other.Signatures.Trust.List());
        TrustRule one = Rule(_key, "name = b"), two = Rule(_key, "name = a") with { Policy = TrustPolicy.Warn };
        store.Signatures.Trust.Add(one);
        store.Signatures.Trust.Add(two);
        store.Signatures.Trust.Add(one with { Policy = TrustPolicy.Warn });
        Assert.Equal([two, one with { Policy = TrustPolicy.Warn }], other.Signatures.Trust.List());
        Assert.Equal(1, other.Signatures.Trust.Remove(_key.Id, "name = a"));
        Assert.Single(store.Signatures.Trust.List());
    }

    [Fact]
    public void Rule_that_is_not_in_effect_can_be_judged()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        StoredEntry entry = store.Metadata.Get(cid)!;
        Assert.True(store.Signatures.Trust.Judge(entry, [Rule(_key, "name = a")]).IsRefused);
        Assert.False(store.Signatures.Trust.Judge(entry, [Rule(_key, "name = b")]).IsCovered);
        Assert.True(CanRead(store, cid));
    }

    [Theory]
    [InlineData("hmac:aaaaaaaaaaaaaaaaaaaaaaaaaa", "name = a", TrustPolicy.Refuse)]
    [InlineData("p256:a", "name = a", TrustPolicy.Refuse)]
    [InlineData(null, "name = ", TrustPolicy.Refuse)]
    [InlineData(null, "name = a", (TrustPolicy)7)]
    public void Rule_with_a_part_that_is_not_allowed_is_refused(string? key, string filter, TrustPolicy policy)
    {
        using CidStore store = Stores.Open(_folder);
        var rule = new TrustRule { Key = key ?? _key.Id, Filter = filter, Policy = policy };
        Assert.Equal(ErrorCode.InvalidArgument, Code(() => store.Signatures.Trust.Add(rule)));
        Assert.Empty(store.Signatures.Trust.List());
    }

    [Fact]
    public void Name_of_the_rules_that_points_to_something_else_is_an_error_of_every_read()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        Cid other = store.PutRaw(DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("other")))), Multicodec.DagCbor).Cid;
        _ = store.Names.Set(StoreTrust.TableName, other);
        Assert.Equal(ErrorCode.InvalidData, Code(() => store.TryGet(cid)));
        _ = store.Names.Remove(StoreTrust.TableName);
        Assert.True(CanRead(store, cid));
    }

    [Fact]
    public void Rules_travel_with_a_copy_of_the_store_and_count_there()
    {
        using var copy = new TemporaryStore();
        using CidStore store = Stores.Open(_folder), target = Stores.Open(copy);
        Cid cid = PutNamed(store, 1, "a");
        Assert.True(CanRead(store, cid));
        // The target has learned that it has no rules.
        Assert.Null(target.TryGet(cid));
        store.Signatures.Trust.Add(Rule(_key, "name = a"));
        _ = store.Transfer.CopyTo(target);
        Assert.False(CanRead(target, cid));
        _ = target.Signatures.Sign(cid, _key);
        Assert.True(CanRead(target, cid));
    }

    [Fact]
    public void Import_of_blocks_that_a_rule_refuses_leaves_none_of_them()
    {
        using var other = new TemporaryStore();
        using CidStore source = Stores.Open(other), store = Stores.Open(_folder);
        Cid plain = source.Put(Stores.Numbers(1)).Cid, signed = source.Put(Stores.Numbers(2)).Cid;
        _ = source.Signatures.Sign(signed, _key);
        store.Signatures.Trust.Add(Rule(_key, "kind = batch"));
        var e = Assert.Throws<ArrowCidException>(() => Import(store, source, plain));
        Assert.Equal(ErrorCode.AccessDenied, e.Code);
        Assert.Contains("not imported", e.Message, StringComparison.Ordinal);
        Assert.False(store.Contains(plain));
        Assert.Equal(1, Import(store, source, signed).Statements);
        Assert.True(CanRead(store, signed));
    }

    [Theory]
    [InlineData("bytes >= 0")]
    [InlineData("kind in (raw, node, batch, schema)")]
    public void Rule_that_covers_everything_leaves_statements_seals_and_the_rules_readable(string filter)
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a"), bytes = store.PutRaw("unsigned"u8.ToArray()).Cid;
        SignedStatement old = store.Signatures.Sign(cid, _other);
        _ = store.Signatures.Seals.Seal(_other);
        store.Signatures.Trust.Add(Rule(_key, filter));
        Assert.False(CanRead(store, cid));
        SignedStatement signed = store.Signatures.Sign(cid, _key);
        _ = store.Signatures.Seals.Seal(_other);
        Assert.True(CanRead(store, cid));
        Cid table = store.Names.Resolve(StoreTrust.TableName)!.Value, seal = store.Names.Resolve(StoreSeals.SealName)!.Value;
        foreach (Cid each in (Cid[])[old.Cid, old.SignatureCid, signed.Cid, signed.SignatureCid, table, seal])
        {
            Assert.True(store.Transfer.TryCopyTo(each, Stream.Null), $"{each}");
            Assert.False(store.Signatures.Trust.Judge(each).IsCovered);
        }

        Assert.Empty(store.Signatures.Seals.Check().Faults);
        Assert.Equal(2, store.Signatures.Seals.Check().Seals);
        Assert.Equal(ErrorCode.AccessDenied, Code(() => store.Transfer.TryCopyTo(bytes, Stream.Null)));
        // What only looks like evidence is covered.
        foreach (byte[] forged in (byte[][])[signed.Signature[..^1].ToArray(), [.. signed.Block.Span, 0],
            DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("arrowcid/statement")), ("v", IpldNode.Integer(1))))])
        {
            Assert.Equal(ErrorCode.AccessDenied, Code(() => store.Transfer.TryCopyTo(store.PutRaw(forged).Cid, Stream.Null)));
        }
    }

    [Fact]
    public void Read_only_handle_keeps_to_rules_that_are_made_later()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = PutNamed(store, 1, "a");
        using var reader = CidStore.Open(_folder.Directory, new CidStoreOptions { ReadOnly = true });
        Assert.True(CanRead(reader, cid));
        store.Signatures.Trust.Add(Rule(_key, "name = a"));
        Assert.False(CanRead(reader, cid));
    }

    [Fact]
    public void Rule_that_covers_everything_keeps_the_store_from_none_of_its_settings()
    {
        using CidStore store = Stores.Open(_folder);
        store.Maintenance.SetPolicy(new MaintenancePolicy { AuditKeep = TimeSpan.FromDays(7) });
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 1 << 24 });
        store.Signatures.Trust.Add(Rule(_key, "bytes >= 0"));
        Assert.Equal(TimeSpan.FromDays(7), store.Maintenance.GetPolicy().AuditKeep);
        Assert.Equal(1 << 24, store.Places.Cache.GetSettings()!.MaxBytes);
        Assert.Empty(store.Places.List());
        Assert.DoesNotContain(store.Maintenance.RunOnce(), step => step.Failure is not null);
    }

    private static ArrowCid.Transfer.CarImport Import(CidStore store, CidStore source, Cid cid)
    {
        using var car = new MemoryStream();
        _ = source.Transfer.ExportCar([cid], car);
        car.Position = 0;
        return store.Transfer.ImportCar(car);
    }

    private static TrustRule Rule(SigningKey key, string filter) =>
        new() { Key = key.Id, Filter = filter, Policy = TrustPolicy.Refuse };

    private static Cid PutNamed(CidStore store, double value, string name)
    {
        Cid cid = store.Put(Stores.Numbers(value)).Cid;
        _ = store.Names.Set(name, cid);
        return cid;
    }

    private static bool CanRead(CidStore store, Cid cid)
    {
        try
        {
            using BatchLease? lease = store.TryGet(cid);
            return lease is not null;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.AccessDenied)
        {
            return false;
        }
    }

    private static ErrorCode Code(Action call) => Assert.ThrowsAny<ArrowCidException>(call).Code;
}
