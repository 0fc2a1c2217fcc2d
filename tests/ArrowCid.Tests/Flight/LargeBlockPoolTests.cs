using System.Buffers;
using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Grpc;

namespace ArrowCid.Tests.Flight;

/// <summary>The server's buffers.</summary>
public sealed class LargeBlockPoolTests
{
    [Fact]
    public void Blocks_come_back_and_those_that_nobody_wants_are_let_go()
    {
        var pool = new LargeBlockPool();
        RentAndReturn(pool, 600);
        Assert.Equal(512, pool.Count);
        pool.Trim();
        Assert.Equal(512, pool.Count);

        // A hundred are in use at times, the others never.
        RentAndReturn(pool, 100);
        pool.Trim();
        Assert.Equal(100, pool.Count);
        pool.Trim();
        Assert.Equal(0, pool.Count);
        RentAndReturn(pool, 3);
        Assert.Equal(3, pool.Count);
    }

    [Theory]
    [InlineData(-1, 1 << 16)]
    [InlineData(4096, 1 << 16)]
    [InlineData(GrpcWriter.SmallHint, 1 << 13)]
    [InlineData(1 << 13, 1 << 13)]
    [InlineData((1 << 13) + 1, 1 << 16)]
    [InlineData(1 << 16, 1 << 16)]
    public void Who_says_that_it_wants_little_gets_little(int asked, int given)
    {
        var pool = new LargeBlockPool();
        using (IMemoryOwner<byte> block = pool.Rent(asked)) Assert.Equal(given, block.Memory.Length);
        using (IMemoryOwner<byte> again = pool.Rent(asked)) Assert.Equal((given, 0), (again.Memory.Length, pool.Count));
        Assert.Equal(1, pool.Count);
    }

    private static void RentAndReturn(LargeBlockPool pool, int count)
    {
        IMemoryOwner<byte>[] blocks = [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
        Array.ForEach(blocks, block => block.Dispose());
    }
}
