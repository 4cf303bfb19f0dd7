# Perl's Protocol::WebSocket as the peer, in hixie-75, hixie-76 and version 8, which it alone still has for both sides.
#
#   protocol-websocket.pl server          prints its origin, then the version of each connection; sends back what it hears
#   protocol-websocket.pl client ORIGIN VERSION   of draft-hixie-75, draft-ietf-hybi-00, draft-ietf-hybi-10
use strict;
use warnings;
use utf8;
use IO::Socket::INET;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;
use Protocol::WebSocket::Handshake::Server;

$| = 1;
binmode STDOUT, ':encoding(UTF-8)';
alarm 60;    # A hang ends here.

my @TEXTS = ('', 'Hello, WebSocket', 'Grüße, 世界 🌍', 'x' x 65_000);

if ($ARGV[0] eq 'server') { serve() }
else                      { ask(@ARGV[1, 2]) }

sub serve {
    my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1:0') or die $!;
    printf "ws://127.0.0.1:%d\n", $listener->sockport;
    while (my $io = $listener->accept) {
        my $handshake = Protocol::WebSocket::Handshake::Server->new;
        my $rest      = shake($io, $handshake);
        $io->syswrite($handshake->to_string);
        print $handshake->version, "\n";
        my $reading = $handshake->build_frame(max_payload_size => undef);
        while (defined(my $text = message($io, $reading, \$rest))) {
            $io->syswrite($handshake->build_frame(buffer => $text)->to_bytes);
        }
        # hixie-76 alone has a Close frame without more, and its answer is the same two bytes.
        $io->syswrite("\xff\x00") if $handshake->version eq 'draft-ietf-hybi-00';
    }
}

sub ask {
    my ($origin, $version) = @_;
    my ($authority) = $origin =~ m{^ws://(.*)};
    my $io = IO::Socket::INET->new($authority) or die $!;
    my $handshake =
      Protocol::WebSocket::Handshake::Client->new(url => "$origin/echo", version => $version);
    $handshake->req->origin('http://example.com');
    $io->syswrite($handshake->to_string);
    my $rest    = shake($io, $handshake);
    my $reading = $handshake->build_frame(max_payload_size => undef);
    for my $text (@TEXTS) {
        $io->syswrite($handshake->build_frame(buffer => $text)->to_bytes);
        my $got = message($io, $reading, \$rest) // die 'the end';
        die "another text: $got" if $got ne $text;
    }
    print "echoed\n";

    # The closing handshake, where there is one.
    if ($version ne 'draft-hixie-75') {
        $io->syswrite($handshake->build_frame(type => 'close', version => $version)->to_bytes);
        defined message($io, $reading, \$rest) and die 'a message after the end';
    }
    print "closed\n";
}

# Reads the other side's head; gives what came behind it.
sub shake {
    my ($io, $handshake) = @_;
    until ($handshake->is_done) {
        $io->sysread(my $bytes, 4096) or die 'the end, in the handshake';
        $handshake->parse($bytes) or die $handshake->error;
        return $bytes if $handshake->is_done;
    }
}

# The next text, or undef at the end.
sub message {
    my ($io, $reading, $rest) = @_;
    while (1) {
        $reading->append($$rest) if length $$rest;
        $$rest = '';
        my $text = $reading->next;
        return undef if defined $text and $reading->is_close;
        return $text if defined $text;
        $io->sysread($$rest, 65_536) or return undef;
    }
}
