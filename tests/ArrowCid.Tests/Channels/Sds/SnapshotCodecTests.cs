using ArrowCid.Channels.Sds;
using ArrowCid.Ipld;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>The counterparts of nim-sds's tests of its stored forms.</summary>
public sealed class SnapshotCodecTests
{
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 0, 0, 0, 0 }, { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 1 }, { 5, 3, 4, 2 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Meta_comes_back_with_all_its_entries(int outgoing, int waiting, int requests, int answers)
    {
        var meta = new ChannelSnapshot
        {
            Clock = 42,
            Unacknowledged = [.. Enumerable.Range(0, outgoing).Select(i => new UnacknowledgedMessage(SdsNode.Message($"o{i}", i), i, i))],
            Waiting = [.. Enumerable.Range(0, waiting).Select(i => new WaitingMessage(SdsNode.Message($"w{i}", i, "a", "b"), ["a", "b"]))],
            Requests = [.. Enumerable.Range(0, requests).Select(i => new RepairRequest(new($"r{i}") { SenderId = "s" }, i, i))],
            Answers = [.. Enumerable.Range(0, answers).Select(i => new RepairAnswer(new($"a{i}"), new byte[] { 1, 2 }, i))],
        };
        byte[] bytes = SnapshotCodec.WriteMeta(meta);
        ChannelSnapshot read = SnapshotCodec.ReadMeta(bytes);
        Assert.Equal(Hex.Of(bytes), Hex.Of(SnapshotCodec.WriteMeta(read)));
        Assert.Equal((42L, outgoing, waiting, requests, answers), (read.Clock, read.Unacknowledged.Count, read.Waiting.Count,
            read.Requests.Count, read.Answers.Count));
        Assert.All(read.Waiting, each => Assert.Equal(["a", "b"], each.Missing.Order()));
        Assert.All(read.Requests.Index(), each => Assert.Equal(each.Index, each.Item.Round));
    }

    [Fact]
    public void Meta_of_another_version_is_refused() =>
        Assert.Throws<InvalidIpldException>(() => SnapshotCodec.ReadMeta(Hex.Bytes("08e7071000")));

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Data_comes_back_with_its_history_in_order(int messages)
    {
        var data = new ChannelSnapshot
        {
            Clock = 7,
            History = [.. Enumerable.Range(0, messages).Select(i => SdsNode.Message($"m{9 - i}", i))],
            Known = new byte[32],
        };
        ChannelSnapshot read = SnapshotCodec.Read(SnapshotCodec.Write(data));
        Assert.Equal(data.History.Select(each => each.Id), read.History.Select(each => each.Id));
        Assert.Equal((7L, 32), (read.Clock, read.Known.Length));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(0, 2)]
    [InlineData(2, 3)]
    public void Update_comes_back(int append, int evict)
    {
        byte[] bytes = SnapshotCodec.WriteUpdate(Enumerable.Range(0, append).Select(i => SdsNode.Message($"m{i}", i)),
            Enumerable.Range(0, evict).Select(i => $"e{i}"));
        Assert.Equal(append + evict == 0, bytes.Length == 0);
        (IReadOnlyList<SdsMessage> appended, IReadOnlyList<string> evicted) = SnapshotCodec.ReadUpdate(bytes);
        Assert.Equal(Enumerable.Range(0, append).Select(i => $"m{i}"), appended.Select(each => each.Id));
        Assert.Equal(Enumerable.Range(0, evict).Select(i => $"e{i}"), evicted);
    }
}
