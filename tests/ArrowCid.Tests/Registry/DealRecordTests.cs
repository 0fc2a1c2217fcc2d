using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Registry;

/// <summary>Deals of Filecoin as tags.</summary>
public sealed class DealRecordTests
{
    private static readonly Cid s_piece = Cid.Parse("baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq");

    [Fact]
    public void Deals_of_a_block_are_set_read_found_and_removed_as_tags()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20 });
        Cid cid = store.PutRaw("in a deal"u8.ToArray()).Cid;
        DealRecord[] deals =
        [
            new() { Provider = "f01234", DealId = 77, Piece = s_piece, Expires = new(2027, 11, 24, 12, 0, 0, TimeSpan.Zero) },
            new() { Provider = "f05678", DealId = 9, Piece = s_piece, Expires = new(2028, 1, 1, 0, 0, 0, TimeSpan.Zero) },
        ];
        var tags = deals.Select(deal => deal.ToTag()).ToDictionary(tag => tag.Key, tag => (string?)tag.Value);
        store.Metadata.Set(cid, new BlockMetadata { Tags = tags });
        Assert.Equal(deals, DealRecord.Of(store.Metadata.Get(cid)!));
        Assert.Equal([cid], store.Query(Filter.Parse("has tag.\"filecoin.deal.f01234.77\"")).Select(entry => entry.Cid));
        store.Metadata.Set(cid, new BlockMetadata { Tags = new Dictionary<string, string?> { ["filecoin.deal.f01234.77"] = null } });
        Assert.Equal([deals[1]], DealRecord.Of(store.Metadata.Get(cid)!));
    }

    [Theory]
    [InlineData("filecoin.deal.f01234", "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq 2027-11-24T12:00:00Z")]
    [InlineData("filecoin.deal.x01234.7", "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq 2027-11-24T12:00:00Z")]
    [InlineData("filecoin.deal.f01234.-7", "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq 2027-11-24T12:00:00Z")]
    [InlineData("filecoin.deal.f01234.7", "baga 2027-11-24T12:00:00Z")]
    [InlineData("filecoin.deal.f01234.7", "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq soon")]
    [InlineData("filecoin.deal.f01234.7", "")]
    public void Tag_that_is_no_deal_is_left_out(string key, string value)
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20 });
        Cid cid = store.PutRaw("in no deal"u8.ToArray()).Cid;
        store.Metadata.Set(cid, new BlockMetadata { Tags = new Dictionary<string, string?> { [key] = value } });
        Assert.Empty(DealRecord.Of(store.Metadata.Get(cid)!));
    }

    [Fact]
    public void Provider_that_is_no_address_is_refused() => Assert.Equal(ErrorCode.InvalidArgument,
        Assert.Throws<ArrowCidException>(() => new DealRecord
        {
            Provider = "miner.one",
            DealId = 1,
            Piece = s_piece,
            Expires = DateTimeOffset.UnixEpoch,
        }.ToTag()).Code);
}
