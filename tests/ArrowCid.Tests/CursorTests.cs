namespace ArrowCid.Tests;

public sealed class CursorTests
{
    private const string Store = "0f0e0d0c0b0a09080706050403020100";

    [Theory]
    [InlineData("now")]
    [InlineData("oldest")]
    [InlineData($"c1.{Store}")]
    [InlineData($"c1.{Store}.0-1-0000002a")]
    [InlineData($"c1.{Store}.0-18446744073709551615-ffffffff.63-7-00000000")]
    [InlineData($"c1.{Store}.list.3-12-89abcdef")]
    public void A_cursor_is_its_text(string text)
    {
        Cursor cursor = Cursor.Parse(text);
        Assert.Equal(text, cursor.ToString());
        Assert.Equal(cursor, Cursor.Parse(text));
        Assert.True(cursor == Cursor.Parse(text));
        Assert.Equal(cursor.GetHashCode(), Cursor.Parse(text).GetHashCode());
        Assert.True(cursor != Cursor.Parse($"c1.{Store}.9-9-00000009"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Now")]
    [InlineData("c1")]
    [InlineData("c1.")]
    [InlineData("c2.0f0e0d0c0b0a09080706050403020100")]
    [InlineData("c1.0f0e0d0c-0b0a-0908-0706-050403020100")]
    [InlineData("c1.0F0E0D0C0B0A09080706050403020100")]
    [InlineData($"c1.{Store}.")]
    [InlineData($"c1.{Store}.0-0-00000000")]
    [InlineData($"c1.{Store}.0-1-2a")]
    [InlineData($"c1.{Store}.0-01-0000002a")]
    [InlineData($"c1.{Store}.0--1-0000002a")]
    [InlineData($"c1.{Store}.0-18446744073709551616-0000002a")]
    [InlineData($"c1.{Store}.64-1-0000002a")]
    [InlineData($"c1.{Store}.1-1-0000002a.0-1-0000002a")]
    [InlineData($"c1.{Store}.1-1-0000002a.1-1-0000002a")]
    [InlineData($"c1.{Store}.1-1-0000002a.list")]
    [InlineData($"c1.{Store}.1-1-0000002A")]
    [InlineData($" c1.{Store}")]
    public void Any_other_text_is_refused(string text)
    {
        Assert.False(Cursor.TryParse(text, out Cursor cursor));
        Assert.Equal(default, cursor);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => Cursor.Parse(text)).Code);
    }

    [Fact]
    public void The_default_is_now_and_null_is_no_cursor()
    {
        Assert.Equal(Cursor.Now, default);
        Assert.NotEqual(Cursor.Now, Cursor.Oldest);
        Assert.False(Cursor.TryParse(null, out _));
        Assert.False(Cursor.TryParse(new string('1', 1 << 20), out _));
    }
}
