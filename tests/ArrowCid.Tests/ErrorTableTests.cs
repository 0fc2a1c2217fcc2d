namespace ArrowCid.Tests;

public class ErrorTableTests
{
    /// <summary>Name = number, exit code, gRPC status. Lines are appended, never changed.</summary>
    private static readonly string[] s_pinned =
    [
        "Internal=1 exit 1 grpc 13",
        "InvalidArgument=2 exit 2 grpc 3",
        "InvalidCid=3 exit 2 grpc 3",
        "SchemaMismatch=4 exit 2 grpc 3",
        "Unsupported=5 exit 4 grpc 12",
        "BlockNotFound=6 exit 3 grpc 5",
        "NameNotFound=7 exit 3 grpc 5",
        "NameExists=8 exit 5 grpc 6",
        "NameConflict=9 exit 5 grpc 10",
        "BlockCorrupt=10 exit 4 grpc 15",
        "InvalidData=11 exit 4 grpc 3",
        "NotCanonical=12 exit 4 grpc 3",
        "StoreFaulted=13 exit 5 grpc 9",
        "FormatVersion=14 exit 5 grpc 9",
        "StoreFull=15 exit 6 grpc 8",
        "IndexFull=16 exit 6 grpc 8",
        "TooLarge=17 exit 6 grpc 8",
        "SubscriberLagged=18 exit 6 grpc 11",
        "Busy=19 exit 7 grpc 14",
        "StoreGone=20 exit 5 grpc 9",
        "Forked=21 exit 5 grpc 9",
        "AccessDenied=22 exit 5 grpc 7",
        "Io=23 exit 3 grpc 9",
        "ResourceExhausted=24 exit 6 grpc 8",
        "PoolUnavailable=25 exit 7 grpc 14",
        "MemberFenced=26 exit 5 grpc 9",
    ];

    [Fact]
    public void Numbers_exit_codes_and_gRPC_statuses_stay_what_they_are() => Assert.Equal(s_pinned,
        Enum.GetValues<ErrorCode>().Select(code =>
            $"{code}={(int)code} exit {ErrorTable.ExitCode(code)} grpc {ErrorTable.GrpcStatus(code)}"));

    [Fact]
    public void Every_code_has_its_own_row_and_only_a_fault_looks_like_a_fault()
    {
        foreach (ErrorCode code in Enum.GetValues<ErrorCode>())
        {
            Assert.InRange(ErrorTable.ExitCode(code), 1, 7);
            Assert.InRange(ErrorTable.GrpcStatus(code), 1, 16);
            Assert.Equal(code == ErrorCode.Internal, ErrorTable.ExitCode(code) == 1);
            Assert.Equal(code == ErrorCode.Internal, ErrorTable.GrpcStatus(code) == 13);
            Assert.Equal(ErrorTable.ExitCode(code) == 7, ErrorTable.IsTransient(code));
            Assert.Equal(ErrorTable.IsTransient(code), new ArrowCidException(code, "x").IsTransient);
        }

        Assert.Equal((1, 13), (ErrorTable.ExitCode(0), ErrorTable.GrpcStatus((ErrorCode)999)));
    }
}
