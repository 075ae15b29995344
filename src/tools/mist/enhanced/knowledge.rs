//! What an engineer knows about EVPN campus fabrics: pages that clients can read as resources, and of which answers quote what the data
//! call for.

/// A page.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Where it is, as a resource.
    pub uri: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    /// The page, in Markdown.
    pub text: &'static str,
}

macro_rules! pages {
    ($($constant:ident $name:literal $about:literal),* $(,)?) => {
        $(pub(super) const $constant: Page = Page {
            uri: concat!("mist://knowledge/", $name),
            name: $name,
            about: $about,
            text: include_str!(concat!("knowledge/", $name, ".md")),
        };)*

        /// Every page.
        pub const PAGES: &[Page] = &[$($constant),*];
    };
}

pages! {
    ARCHITECTURES "evpn-architectures" "EVPN campus fabrics: the architectures, where VTEPs and gateways sit, the way out",
    DRIFT "evpn-drift" "Template against device: where configuration comes from, how drift arises, what to compare",
    PEERING "evpn-peering" "Underlay and overlay BGP, BFD, ECMP, AS numbers, Ethernet segments",
    ROUTES "evpn-routes" "EVPN route types, Type 2 against Type 5, symptoms of missing routes",
    SCALE "evpn-scale" "What runs out first in a fabric, MAC-VRF, multicast, DHCP, and how to measure",
    TROUBLESHOOTING "evpn-troubleshooting" "Finding faults in a fabric: order of work, commands, symptoms, cautions",
}

impl Page {
    /// The points (`- `) below this heading, each on one line, at most so many.
    pub(super) fn points(&self, heading: &str, most: usize) -> Vec<String> {
        let mut points: Vec<String> = Vec::new();
        let below = self
            .text
            .lines()
            .skip_while(|line| line.strip_prefix("## ") != Some(heading));
        for line in below.skip(1).take_while(|line| !line.starts_with("## ")) {
            if let Some(point) = line.strip_prefix("- ") {
                points.push(point.to_owned());
            } else if let (Some(more), Some(point)) = (line.strip_prefix("  "), points.last_mut()) {
                point.push(' ');
                point.push_str(more.trim());
            }
        }
        points.truncate(most);
        points
    }

    /// The point below this heading that begins with this word in bold.
    pub(super) fn point(&self, heading: &str, word: &str) -> Option<String> {
        let begins = |point: &String| point.strip_prefix("**").is_some_and(|rest| rest.starts_with(word));
        self.points(heading, usize::MAX).into_iter().find(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_there() {
        for (page, heading) in [
            (PEERING, "Underlay eBGP"),
            (PEERING, "Ethernet segments (ESI-LAG)"),
            (SCALE, "ARP and Type 2/Type 5 coexistence"),
            (SCALE, "IRB and DHCP"),
            (ARCHITECTURES, "The way out"),
            (TROUBLESHOOTING, "Healthy looks like this"),
        ] {
            let points = page.points(heading, 3);
            assert_eq!(points.len(), 3, "{heading}");
            assert!(
                points.iter().all(|point| !point.contains('\n') && point.len() > 20),
                "{points:?}"
            );
        }
        for (word, other) in [
            ("IP Clos", "IP Clos"),
            ("ERB", "ERB"),
            ("CRB", "CRB"),
            ("EVPN multihoming", "EVPN multihoming"),
        ] {
            assert!(ARCHITECTURES.point("Who does what", word).is_some(), "{word}");
            assert!(SCALE.point("By architecture", other).is_some(), "{word}");
        }
        assert!(ARCHITECTURES.points("No such heading", 3).is_empty());
        for page in PAGES {
            assert!(page.text.starts_with("# "), "{}", page.name);
        }
    }
}
